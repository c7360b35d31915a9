package browsertest

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http/httptest"
)

// testCertificate names the key of httptest's certificate as Chromium does.
func testCertificate() string {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	key := sha256.Sum256(server.Certificate().RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(key[:])
}
