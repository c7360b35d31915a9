package browsertest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// installed are the scripts that tests take from npm.
type installed struct {
	jquery map[string]string // by major version
	axe    string
}

func fromNPM(t *testing.T) installed {
	t.Helper()
	if testing.Short() {
		t.Skip("installs jQuery and axe from npm, which -short leaves out")
	}
	scripts, err := npmScripts()
	if err != nil {
		t.Fatal(err)
	}
	return scripts
}

var npmScripts = sync.OnceValues(func() (installed, error) {
	scripts := installed{jquery: make(map[string]string)}
	dir, err := os.MkdirTemp("", "browsertest-npm")
	if err != nil {
		return scripts, err
	}
	defer os.RemoveAll(dir)
	npm := exec.Command("npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefix", dir,
		"jquery3@npm:jquery@3.7.1", "jquery4@npm:jquery@4", "axe-core@4.10.3")
	npm.Dir = dir
	if out, err := npm.CombinedOutput(); err != nil {
		return scripts, fmt.Errorf("installing from the npm registry: %w\n%s", err, out)
	}
	read := func(path ...string) string {
		var source []byte
		if err == nil {
			source, err = os.ReadFile(filepath.Join(append([]string{dir, "node_modules"}, path...)...))
		}
		return string(source)
	}
	scripts.jquery["3"] = read("jquery3", "dist", "jquery.min.js")
	scripts.jquery["4"] = read("jquery4", "dist", "jquery.min.js")
	scripts.axe = read("axe-core", "axe.min.js")
	return scripts, err
})
