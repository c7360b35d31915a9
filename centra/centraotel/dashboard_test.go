package centraotel_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra/centraotel"
	"github.com/centra-go/cartabandonment/recovery"
)

var (
	metricName = regexp.MustCompile(`centra_[a-z_]+`)
	labelValue = regexp.MustCompile(`([a-z_]+)(=~|!~|!=|=)"([^"]*)"`)
	grouped    = regexp.MustCompile(`by \(([^)]*)\)`)
)

// The dashboard and the alerts ask for nothing that a shop does not report.
func TestDashboardAndAlerts(t *testing.T) {
	var scrape string
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, apis[0])
		h.flow()
		tel := h.telemetry(t)
		tel.Turn(t.Context(), centraotel.Turn{Waited: time.Millisecond})
		scrape = h.scrape(t)
	})
	expressions := []string{}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	text, err := os.ReadFile("dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, panel := range dashboard.Panels {
		if len(panel.Targets) == 0 {
			t.Errorf("the panel %q shows nothing", panel.Title)
		}
		for _, target := range panel.Targets {
			expressions = append(expressions, target.Expr)
		}
	}
	alerts, err := os.ReadFile("alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(alerts), "- alert: "); n != 5 {
		t.Errorf("%d alerts, want 5", n)
	}
	for _, rule := range strings.Split(string(alerts), "expr: |")[1:] {
		expr, _, _ := strings.Cut(rule, "labels:")
		expressions = append(expressions, expr)
	}
	for _, expr := range expressions {
		checkExpression(t, expr, scrape)
	}
}

// The funnel counts the first order of a process, too: Prometheus sees no increase in
// what appears with it.
func TestOrdersAreThereBeforeTheFirst(t *testing.T) {
	sdk := newSDK(t)
	_, end := sdk.telemetry(t).Recovery(t.Context(), "link")
	end(recovery.Outcome{Code: recovery.Recovered, Currency: "EUR"})
	scrape := sdk.scrape(t)
	for _, want := range []string{"\ncentra_orders_recovered_total 0\n", "\ncentra_orders_value_total{centra_currency=\"EUR\"} 0\n"} {
		if !strings.Contains(scrape, want) {
			t.Errorf("the scrape lacks %q", want)
		}
	}
}

func checkExpression(t *testing.T, expr, scrape string) {
	t.Helper()
	selectors := 0
	for _, name := range metricName.FindAllString(expr, -1) {
		if strings.Contains(scrape, "\n"+name+"{") || strings.Contains(scrape, "\n"+name+" ") {
			selectors++
			continue
		}
		if !strings.Contains(scrape, name+"=\"") { // or it is a label
			t.Errorf("no metric and no label is called %s, in\n%s", name, expr)
		}
	}
	if selectors == 0 {
		t.Errorf("nothing is asked for in\n%s", expr)
	}
	for _, match := range labelValue.FindAllStringSubmatch(expr, -1) {
		if !strings.Contains(scrape, match[1]+"=\"") {
			t.Errorf("no label is called %s, in\n%s", match[1], expr)
		}
		for value := range strings.SplitSeq(match[3], "|") {
			if value != "" && !known[value] && !strings.Contains(scrape, match[1]+"=\""+value+"\"") {
				t.Errorf("%s is never %s, in\n%s", match[1], value, expr)
			}
		}
	}
	for _, match := range grouped.FindAllStringSubmatch(expr, -1) {
		for label := range strings.SplitSeq(match[1], ", ") {
			if !strings.Contains(scrape, label+"=\"") {
				t.Errorf("no label is called %s, in\n%s", label, expr)
			}
		}
	}
}

// What was queued is looked at half an hour later, and a delivery counts for as long
// as what it delivers does: else a short outage is reported when it is long over.
func TestDeliveriesCountAsLongAsCaptures(t *testing.T) {
	alerts, err := os.ReadFile("alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	windows := regexp.MustCompile(`"queued"}\[(\w+)\] offset (\w+)[^[]*"redelivered\|dropped"}\[(\w+)\]`).
		FindStringSubmatch(string(alerts))
	if windows == nil {
		t.Fatal("no alert compares what was queued with what was delivered")
	}
	var durations [3]time.Duration
	for i := range durations {
		if durations[i], err = time.ParseDuration(windows[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if queued, offset, delivered := durations[0], durations[1], durations[2]; delivered != queued+offset {
		t.Errorf("deliveries of %v count, captures of %v, %v ago", delivered, queued, offset)
	}
}

// known are values that the flow does not come by; they are codes of the
// handlers.
var known = map[string]bool{
	"method_not_allowed": true, "timeout": true, "unavailable": true, "rate_limited": true, "invalid_response": true, "session_store": true, "internal": true,
}

// What README.md shows is the example, to the letter.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, snippet, _ := strings.Cut(string(readme), "```go\n")
	snippet, _, _ = strings.Cut(snippet, "```")
	if !strings.Contains(string(source), snippet) {
		t.Error("README.md shows what example_test.go does not compile")
	}
	for line := range strings.Lines(string(readme)) {
		if name := metricName.FindString(line); strings.HasPrefix(line, "| `centra.") && name == "" {
			t.Errorf("no Prometheus name in %s", line)
		}
	}
}
