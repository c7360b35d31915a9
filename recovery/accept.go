package recovery

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// maxAccepted is more languages than anybody reads.
const maxAccepted = 32

// accepted returns the language tags of Accept-Language, the most wanted first.
// What cannot be read is left out.
func accepted(headers []string) (tags []string) {
	type choice struct {
		tag     string
		quality float64
	}
	var choices []choice
	for part := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		tag, parameters, _ := strings.Cut(part, ";")
		tag = strings.TrimSpace(tag)
		quality := 1.0
		if name, value, ok := strings.Cut(parameters, "="); ok && strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || q > 1 {
				continue
			}
			quality = q
		}
		if tag == "" || !(quality > 0) { // NaN too
			continue
		}
		if choices = append(choices, choice{tag, quality}); len(choices) == maxAccepted {
			break
		}
	}
	slices.SortStableFunc(choices, func(a, b choice) int { return cmp.Compare(b.quality, a.quality) })
	for _, c := range choices {
		tags = append(tags, c.tag)
	}
	return tags
}
