package cmd

//go:generate go run ./internal/gendocs ..
//go:generate go run ./internal/genlicences ../THIRD_PARTY_LICENSES
//go:generate go test ./internal/pictures -update
