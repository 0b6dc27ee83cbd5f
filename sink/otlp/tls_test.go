package otlp_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/sink/otlp"
)

// pemFile writes a file of one block.
func pemFile(t *testing.T, name, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBothSidesShowCertificates(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sink"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	own, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, private := pemFile(t, "cert.pem", "CERTIFICATE", der), pemFile(t, "key.pem", "PRIVATE KEY", keyDER)

	r := newReceiver(t)
	server := httptest.NewUnstartedServer(r)
	server.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool()}
	server.TLS.ClientCAs.AddCert(own)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	authority := pemFile(t, "ca.pem", "CERTIFICATE", server.Certificate().Raw)

	try := func(ca, cert, key string) error {
		cfg, err := otlp.LoadTLS(ca, cert, key)
		if err != nil {
			t.Fatal(err)
		}
		s := otlp.New(otlp.Config{URL: server.URL + "/v1/metrics", TLS: cfg, Headers: map[string]string{"Authorization": "Bearer " + secret}})
		defer s.Close(context.Background())
		return s.Write(context.Background(), nth(0, counter("a", 1)))
	}
	if err := try(authority, certificate, private); err != nil || len(r.all()) != 1 {
		t.Errorf("%d points: %v", len(r.all()), err)
	}
	for what, err := range map[string]error{"without a certificate": try(authority, "", ""), "of an unknown authority": try("", certificate, private)} {
		if _, again := backend.RetryAfter(err); !again || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, files := range [][3]string{{"/no/such/file", "", ""}, {private, "", ""}, {"", certificate, ""}, {"", "", private}} {
		if _, err := otlp.LoadTLS(files[0], files[1], files[2]); err == nil {
			t.Errorf("%q: no error", files)
		}
	}
	if s := otlp.New(otlp.Config{TLS: &tls.Config{}, Client: http.DefaultClient}); !strings.Contains(s.Write(t.Context(), nth(0)).Error(), "Client is set") {
		t.Error("TLS beside a Client is taken")
	}
}
