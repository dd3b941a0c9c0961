// TLS client on Go's crypto/tls; see README.md.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"strings"
)

func main() {
	log.SetFlags(0)
	arguments := os.Args[1:]
	name := arguments[2]
	authority, err := os.ReadFile(arguments[3])
	if err != nil {
		log.Fatal(err)
	}
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(authority)
	config := &tls.Config{
		ServerName:             name,
		RootCAs:                authorities,
		ClientSessionCache:     tls.NewLRUClientSessionCache(1),
		SessionTicketsDisabled: arguments[5] == "identifiers",
	}
	if len(arguments) > 6 {
		certificate, err := tls.LoadX509KeyPair(arguments[6], arguments[7])
		if err != nil {
			log.Fatal(err)
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		config.CipherSuites = append(config.CipherSuites, suite.ID)
	}
	connections, _ := strconv.Atoi(arguments[4])
	for i := 0; i < connections; i++ {
		connection, err := tls.Dial("tcp", arguments[0]+":"+arguments[1], config)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Fprintf(connection, "GET /bytes/1000 HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", name)
		answer, err := io.ReadAll(connection)
		if err != nil {
			log.Fatal(err)
		}
		_, body, _ := bytes.Cut(answer, []byte("\r\n\r\n"))
		if string(body) != strings.Repeat("abcdefghijklmnopqrstuvwxyz", 39)[:1000] {
			log.Fatalf("wrong body: %q", answer)
		}
		connection.Close()
	}
}
