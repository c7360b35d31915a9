package browsertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What takes the listener minutes, or depends on luck, is tried with a clock of its
// own and without a browser.
func TestListenerInNode(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("needs Node.js, which -short leaves out")
	}
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/centra-go/cartabandonment").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.test.mjs")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests for Node.js (error: %v)", err)
	}
	node := exec.Command("node", append([]string{"--test", "--test-reporter=spec"}, files...)...)
	node.Env = append(os.Environ(), "LISTENER_JS="+filepath.Join(strings.TrimSpace(string(root)), "checkoutscript", "listener.js"))
	if out, err := node.CombinedOutput(); err != nil {
		t.Errorf("node --test: %v\n%s", err, out)
	}
}
