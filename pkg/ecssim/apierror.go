package ecssim

// This file is the errors of the ECS protocol, with the texts that were seen in
// the wild; a text that no source has is marked as assumed where it is made.

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// apiError is an error answer of ECS.
type apiError struct {
	code    string
	message string
	status  int // 0: 400

	resourceIDs []string // of a ConflictException
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

func (e *apiError) httpStatus() int {
	if e.status == 0 {
		return http.StatusBadRequest
	}
	return e.status
}

func invalid(message string) *apiError {
	return &apiError{code: "InvalidParameterException", message: message}
}

func refused(message string) *apiError { return &apiError{code: "ClientException", message: message} }

func unsupported(message string) *apiError {
	return &apiError{code: "UnsupportedFeatureException", message: message}
}

func serverError(format string, args ...any) *apiError {
	return &apiError{code: "ServerException", message: fmt.Sprintf(format, args...), status: http.StatusInternalServerError}
}

func serialization(message string) *apiError {
	return &apiError{code: "SerializationException", message: message}
}

var (
	errNoCluster           = &apiError{code: "ClusterNotFoundException", message: "Cluster not found."}
	errNoService           = &apiError{code: "ServiceNotFoundException", message: "Service not found."}
	errNotActive           = &apiError{code: "ServiceNotActiveException", message: "Service was not ACTIVE."}
	errNoTD                = refused("Unable to describe task definition.")
	errTDNotFound          = refused("TaskDefinition not found.")
	errTDInactive          = refused("TaskDefinition is inactive")
	errNoRevision          = refused("Revision is missing.")
	errThrottled           = &apiError{code: "ThrottlingException", message: "Rate exceeded"}
	errBadToken            = invalid("Invalid token.") // assumed text
	errNoServiceDeployment = &apiError{code: "ServiceDeploymentNotFoundException", message: "The service deployment does not exist."}
	errNoSuchThing         = &apiError{code: "ResourceNotFoundException", message: "The specified resource was not found."}
)

// kindMismatch is what ECS says about a member of the wrong JSON type.
func kindMismatch(got, want string) *apiError {
	if got == "START_OBJECT" || got == "START_ARRAY" {
		return serialization("Start of structure or map or list found where not expected.")
	}
	return serialization(fmt.Sprintf("%s cannot be converted to %s", got, want))
}

// decodeError turns an error of encoding/json into ECS's.
func decodeError(err error) *apiError {
	var mismatch *json.UnmarshalTypeError
	if !errors.As(err, &mismatch) {
		return serialization("The request body is not a JSON object.")
	}
	got := map[string]string{
		"string": "STRING_VALUE", "bool": "BOOLEAN_VALUE", "object": "START_OBJECT", "array": "START_ARRAY",
	}[mismatch.Value]
	if got == "" || strings.HasPrefix(mismatch.Value, "number") {
		got = "NUMBER_VALUE"
	}
	want := map[string]string{"string": "String", "int": "Integer", "bool": "Boolean"}[mismatch.Type.Kind().String()]
	if want == "" {
		want = "a structure"
	}
	return kindMismatch(got, want)
}
