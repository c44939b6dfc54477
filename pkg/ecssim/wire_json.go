package ecssim

// This file is the wire protocol AWS JSON 1.1: which services speak it here, and
// how a request finds its operation.

import (
	"slices"
	"strconv"
	"strings"
)

const (
	targetPrefix = "AmazonEC2ContainerServiceV20141113."
	contentType  = "application/x-amz-json-1.1"
)

// jsonService is a service that speaks AWS JSON 1.1.
type jsonService struct {
	name       string // as AWS calls it
	prefix     string // of its operations in X-Amz-Target
	operations func() map[string]operation
}

// jsonServices are ECS, which is the first, and its neighbours.
func jsonServices() []jsonService {
	return []jsonService{
		{"Amazon ECS", targetPrefix, operations},
		{"Amazon CloudWatch Logs", "Logs_20140328.", logging},
		{"Amazon ECR", "AmazonEC2ContainerRegistry_V20150921.", registry},
		{"AWS Secrets Manager", "secretsmanager.", secretsManager},
		{"AWS Systems Manager", "AmazonSSM.", parameterStore},
		{"Application Auto Scaling", "AnyScaleFrontendService.", autoScaling},
	}
}

// jsonTarget is the service and the operation that X-Amz-Target names; the
// operation is empty if there is no such service.
func jsonTarget(target string) (jsonService, string) {
	for _, s := range jsonServices() {
		if name, ok := strings.CutPrefix(target, s.prefix); ok {
			return s, name
		}
	}
	return jsonService{}, ""
}

// serveJSON finds the operation and runs it.
func (e *engine) serveJSON(req wireRequest) (any, *apiError) {
	service, name := jsonTarget(req.target)
	if name == "" {
		return nil, unknownTarget(req.target)
	}
	op, ok := service.operations()[name]
	switch {
	case !ok && service.prefix == targetPrefix:
		return nil, unknownOperation(name)
	case !ok:
		return nil, &apiError{code: "UnknownOperationException", message: "The simulator does not have the operation " + name + " of " + service.name + "."}
	}
	out, apiErr := op.serve(e, req.body)
	if apiErr == nil && name == "UpdateService" {
		e.Updated = true
	}
	return out, apiErr
}

// unknownOperation is not one of ECS's own errors, so that no client takes a gap
// of the simulator for an answer of AWS.
func unknownOperation(name string) *apiError {
	message := "Amazon ECS has no operation " + strconv.Quote(name) + "."
	if slices.Contains(allOperations(), name) {
		message = "The simulator does not have the operation " + name + " of Amazon ECS."
	}
	return &apiError{code: "UnknownOperationException", message: message}
}

// unknownTarget is for what is neither ECS nor one of its neighbours.
func unknownTarget(target string) *apiError {
	return &apiError{code: "UnknownOperationException", message: "The simulator has Amazon ECS and a little of Elastic Load Balancing, CloudWatch, CloudWatch Logs, ECR, IAM, STS, Secrets Manager, Systems Manager and Application Auto Scaling, but not " +
		strconv.Quote(target) + ". Send POST with X-Amz-Target: " + targetPrefix + "<operation>."}
}
