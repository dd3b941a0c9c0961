import java.io.FileInputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Arrays;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/** TLS client on Java's own provider; see README.md. */
public class JavaClient {
  public static void main(String[] arguments) throws Exception {
    String name = arguments[2];
    if (arguments[5].equals("identifiers")) System.setProperty("jdk.tls.client.enableSessionTicketExtension", "false");
    KeyStore authorities = KeyStore.getInstance(KeyStore.getDefaultType());
    authorities.load(null, null);
    try (FileInputStream file = new FileInputStream(arguments[3])) {
      Certificate authority = CertificateFactory.getInstance("X.509").generateCertificate(file);
      authorities.setCertificateEntry("authority", authority);
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(authorities);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    for (int i = 0; i < Integer.parseInt(arguments[4]); ++i) {
      // A session is found again by name and port.
      InetAddress address = InetAddress.getByAddress(name, InetAddress.getByName(arguments[0]).getAddress());
      Socket plain = new Socket();
      plain.connect(new InetSocketAddress(address, Integer.parseInt(arguments[1])), 30000);
      try (SSLSocket socket =
          (SSLSocket) context.getSocketFactory().createSocket(plain, name, Integer.parseInt(arguments[1]), true)) {
        socket.setEnabledCipherSuites(
            Arrays.stream(socket.getSupportedCipherSuites()).filter(s -> !s.contains("_NULL_") && !s.contains("_anon_"))
                .toArray(String[]::new));
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        String request = "GET /bytes/1000 HTTP/1.1\r\nHost: " + name + "\r\nConnection: close\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        String body = answer.substring(answer.indexOf("\r\n\r\n") + 4);
        if (!body.equals("abcdefghijklmnopqrstuvwxyz".repeat(39).substring(0, 1000))) {
          throw new AssertionError("wrong body: " + answer);
        }
      }
    }
  }
}
