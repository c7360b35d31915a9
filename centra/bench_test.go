package centra_test

const benchServerVariable = "CENTRA_BENCH_SERVER"

func benchServer() {}
