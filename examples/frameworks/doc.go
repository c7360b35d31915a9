// Package frameworks has hosts for the web frameworks that shops use, each a
// program of one file, and stores for their session libraries. README.md says
// what each has to look out for.
package frameworks
