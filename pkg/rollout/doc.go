// Package rollout decides how the rollout of an Amazon ECS service went.
//
// It is pure: it knows no client, no clock and no output. A [Tracker] is fed
// [Observation] values, each what ECS said about the service at one moment, and
// folds them into a [Verdict]. A verdict is earned: success means that ECS said
// that this very deployment completed, not that counts happen to agree. (A new
// deployment is born with a desired count of 0, and a rolled-back service looks
// as stable as any.)
//
// [Explain] turns the stopped tasks of a deployment into causes: what made
// them stop, how often, and what to look at next.
package rollout
