import java.io.FileInputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/** TLS client on Java's own provider; see README.md. */
public class JavaClient {
  private static Certificate read(String name) throws Exception {
    try (FileInputStream file = new FileInputStream(name)) {
      return CertificateFactory.getInstance("X.509").generateCertificate(file);
    }
  }

  /** What the client shows: a certificate and its key, PEM files both. */
  private static KeyManager[] shown(String certificateFile, String keyFile) throws Exception {
    Certificate certificate = read(certificateFile);
    String text = Files.readString(Path.of(keyFile)).replaceAll("-----[A-Z ]+-----|\\s", "");
    PrivateKey key = KeyFactory.getInstance(certificate.getPublicKey().getAlgorithm())
        .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setKeyEntry("client", key, new char[0], new Certificate[] {certificate});
    KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(store, new char[0]);
    return managers.getKeyManagers();
  }

  public static void main(String[] arguments) throws Exception {
    String name = arguments[2];
    if (arguments[5].equals("identifiers")) System.setProperty("jdk.tls.client.enableSessionTicketExtension", "false");
    KeyStore authorities = KeyStore.getInstance(KeyStore.getDefaultType());
    authorities.load(null, null);
    authorities.setCertificateEntry("authority", read(arguments[3]));
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(authorities);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(arguments.length > 6 ? shown(arguments[6], arguments[7]) : null, trust.getTrustManagers(), null);
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
