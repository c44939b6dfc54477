package ecssim

// This file is the vocabulary for what stands around ECS: alarms, Lambda functions, rules
// of load balancers, and who may call.

// AlarmSpec is a CloudWatch alarm and when it goes to ALARM. A deployment that
// begins while one of its alarms is in ALARM ignores its alarms.
type AlarmSpec struct {
	Name string `yaml:"name" json:"name"`
	// AfterDeployment lets deployments set it off; After counts from their
	// beginning. It stays OK if the deployment is not the service's PRIMARY one
	// any more by then. Otherwise After counts from the beginning of the world.
	AfterDeployment bool `yaml:"afterDeployment" json:"afterDeployment,omitempty"`
	// Image limits AfterDeployment to deployments of a matching image. Empty: any.
	Image string `yaml:"image" json:"image,omitempty"`
	// ExceptImages are globs of images that do not set it off. [World.WithSeed]
	// adds the image in service, so that going back to it is safe.
	ExceptImages []string `yaml:"exceptImages" json:"exceptImages,omitempty"`
	// After is the delay.
	After Duration `yaml:"after" json:"after,omitempty"`
	// For is how long it stays in ALARM. 0: for ever.
	For Duration `yaml:"for" json:"for,omitempty"`
}

// FunctionRule says what Lambda functions behind lifecycle hooks answer.
type FunctionRule struct {
	// Match is a glob over the name of the function, or over its ARN.
	Match string `yaml:"match" json:"match"`
	// Stage limits the rule to a lifecycle stage. Empty: any.
	Stage string `yaml:"stage" json:"stage,omitempty"`
	// Image limits the rule to deployments of a matching image, and ExceptImages are
	// globs of images that it is not about. [World.WithSeed] adds the image in
	// service to the latter.
	Image        string   `yaml:"image" json:"image,omitempty"`
	ExceptImages []string `yaml:"exceptImages" json:"exceptImages,omitempty"`
	// Answer is one of the Function constants. Empty: "succeeds".
	Answer FunctionAnswer `yaml:"answer" json:"answer,omitempty"`
	// Takes is the time from a call to its answer. Default 2s.
	Takes Duration `yaml:"takes" json:"takes,omitempty"`
	// InProgress is how often the function answers IN_PROGRESS before that.
	InProgress int `yaml:"inProgress" json:"inProgress,omitempty"`
	// CallBackDelay is what it answers with IN_PROGRESS: the time until ECS calls it
	// again. Default 30s.
	CallBackDelay Duration `yaml:"callBackDelay" json:"callBackDelay,omitempty"`
	// HookDetails are what it answers with IN_PROGRESS and gets with the next calls,
	// instead of those of the hook.
	HookDetails Document `yaml:"hookDetails" json:"hookDetails,omitempty"`
	// Logs is what the function writes with each call; After counts from the call,
	// Last is a line of the last call only. Empty: lines that suit the answer.
	Logs []LogLine `yaml:"logs" json:"logs,omitempty"`
}

// FunctionAnswer names what a Lambda function behind a lifecycle hook answers.
type FunctionAnswer string

// The answers of a function.
const (
	FunctionSucceeds FunctionAnswer = "succeeds" // SUCCEEDED
	FunctionFails    FunctionAnswer = "fails"    // FAILED
	FunctionRaises   FunctionAnswer = "raises"   // an exception, so no hookStatus
	FunctionHangs    FunctionAnswer = "hangs"    // IN_PROGRESS for ever
	FunctionDenied   FunctionAnswer = "denied"   // none: the role cannot invoke it
)

// RuleSpec is a listener rule, or the listener of a Network Load Balancer, and
// where it forwards to.
type RuleSpec struct {
	ARN string `yaml:"arn" json:"arn"`
	// Forward are the target groups and their weights.
	Forward []ForwardSpec `yaml:"forward" json:"forward,omitempty"`
}

// ForwardSpec is a target group of a forward action.
type ForwardSpec struct {
	TargetGroup string `yaml:"targetGroup" json:"targetGroup"`
	// Weight is between 0 and 999.
	Weight int `yaml:"weight" json:"weight"`
}

// AccessKey is credentials that may call.
type AccessKey struct {
	ID string `yaml:"id" json:"id"`
	// ExpiresAfter is when they expire, counted from the beginning of the world.
	// Nil: never. 0: they have expired already.
	ExpiresAfter *Duration `yaml:"expiresAfter" json:"expiresAfter,omitempty"`
}

// RoleSpec is an IAM role that can be assumed, and what its trust policy asks
// for.
type RoleSpec struct {
	ARN string `yaml:"arn" json:"arn"`
	// ExternalID is the external id that must be given. Empty: none.
	ExternalID string `yaml:"externalId" json:"externalId,omitempty"`
	// MFA is the device and its code that must be given. Nil: none.
	MFA *MFADevice `yaml:"mfa" json:"mfa,omitempty"`
	// Denied are globs of the actions that ECS cannot do with the role: reading and
	// changing listener rules, invoking the functions of hooks. None: it can do all.
	Denied []string `yaml:"denied" json:"denied,omitempty"`
}

// MFADevice is a device for multi-factor authentication. Its code is always the
// same.
type MFADevice struct {
	Serial string `yaml:"serial" json:"serial"`
	Code   string `yaml:"code" json:"code"`
}
