// Command ecs-deploy puts a new image into an Amazon ECS service and tells the
// truth about how the rollout went.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/ecs-deploy/ecs-deploy/cmd"
)

func main() {
	// The SDK alone allocates most of the 4 MB at which Go collects for the first
	// time: most commands would spend a sixth of their life on that.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(300)
	}
	// A run of 1,000 services would grow to half a gigabyte before it collects.
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(176 << 20)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the waiting in good order; after it, the next one
	// ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(cmd.Main(ctx, os.Args[1:], cmd.System()))
}
