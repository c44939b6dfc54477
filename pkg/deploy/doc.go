// Package deploy puts a new version of an application into an Amazon ECS
// service and tells the truth about how that went.
//
// It is one pipeline of three steps. [Deployer.Plan] only reads, and says what
// would change. [Deployer.Apply] writes: it registers a task definition and
// updates the service. [Deployer.Watch] follows one deployment, known by its
// id, to its end, from this process or any other, and returns an [Outcome] with
// a verdict and what led to it. [Deployer.Run] does the three in a row;
// [Deployer.Prepare] and [Deployer.Carry] are its two halves, so that several services
// can be planned before the first one is changed.
//
//	d := deploy.New(client)
//	outcome, err := d.Run(ctx, deploy.Request{
//		Ref:  deploy.Ref{Cluster: "production1", Service: "doorman-service"},
//		Want: deploy.Want{Images: []string{"docker.repo.com/doorman:v2"}},
//	}, deploy.Policy{})
//
// The package prints nothing, reads no environment and keeps no state: ECS
// holds the truth, and a deployment that was interrupted anywhere is picked up
// by running it again.
//
// Progress is a stream of typed events, given to one observer ([WithObserver]).
// [Event.Subject] says which service each event is about. Several goroutines may
// share a Deployer: the observer is called for one event at a time, and the events
// come in the order of their times.
//
// Errors are typed. Those that a person can do something about have a method
// Hint() string; those with an exit code of their own have ExitCode() int. Both
// are found with [errors.As].
package deploy
