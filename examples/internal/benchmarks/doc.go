// Package benchmarks compares the clients of package centra with the ways a
// shop would make the same call without it. It is a module of its own since the
// baselines need modules that the library does not.
//
//	go test -run '^$' -bench . -count 10 . | tee new.txt
//	go run golang.org/x/perf/cmd/benchstat@latest new.txt
package benchmarks
