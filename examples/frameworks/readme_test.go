package frameworks_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A host is a file of less than 80 lines, and its glue is what the README says.
func TestReadmeCountsTheGlue(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := filepath.Glob("*/main.go")
	if err != nil || len(hosts) != 6 {
		t.Fatalf("hosts %q, %v; want six", hosts, err)
	}
	for _, host := range hosts {
		source, err := os.ReadFile(host)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(source), "\n"); n >= 80 {
			t.Errorf("%s has %d lines", host, n)
		}
		_, glue, begins := strings.Cut(string(source), "\t// glue:\n")
		glue, _, ends := strings.Cut(glue, "\t// end of the glue\n")
		if !begins || !ends {
			t.Errorf("%s does not mark its glue", host)
		}
		row := fmt.Sprintf("| [%s](%s) | %d |", filepath.Dir(host), host, strings.Count(glue, "\n"))
		if !strings.Contains(string(readme), row) {
			t.Errorf("README.md has no row %q", row)
		}
	}
}
