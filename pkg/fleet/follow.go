package fleet

import (
	"context"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// Follow follows the deployments of all members side by side, and ends when the last
// one has. It starts none: follow is called for each member. ended is Options.Ended.
func Follow(ctx context.Context, members []Member, ended func(Result), follow func(context.Context, Member) (deploy.Outcome, error)) Outcome {
	if len(members) == 0 {
		return Outcome{}
	}
	clock := members[0].Deployer
	began := clock.Now()
	results := make([]Result, len(members))
	Each(members, func(i int, m Member) {
		results[i].Member = m.Name
		results[i].end(follow(ctx, m))
		if o := results[i].Outcome; o != nil {
			results[i].Target = o.Deployment.Ref
		}
		if ended != nil {
			ended(results[i])
		}
	})
	return Outcome{Members: results, Elapsed: clock.Now().Sub(began), Interrupted: ctx.Err() != nil && unended(results)}
}
