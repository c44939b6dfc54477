// Command ecs-deploy puts a new image into an Amazon ECS service and tells the
// truth about how the rollout went.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/ecs-deploy/ecs-deploy/cmd"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the waiting in good order; after it, the next one
	// ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(cmd.Main(ctx, os.Args[1:], cmd.System()))
}
