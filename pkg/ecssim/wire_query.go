package ecssim

// This file is the wire protocol of Elastic Load Balancing, STS, IAM and CloudWatch (AWS query):
// forms in, XML out.

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"net/url"
)

const (
	formType = "application/x-www-form-urlencoded"
	xmlType  = "text/xml"
)

// queryOperation is what an action does with the form that asks for it.
type queryOperation func(*engine, url.Values) (any, *apiError)

// queryService is a service that speaks the query protocol. A request says which
// one it wants by the version alone.
type queryService struct {
	name       string // as AWS calls it
	version    string
	space      string // XML namespace
	operations func() map[string]queryOperation
}

func queryServices() []queryService {
	return []queryService{
		{"Elastic Load Balancing v2", "2015-12-01", "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/", balancing},
		{"AWS STS", "2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/", security},
		{"AWS IAM", "2010-05-08", "https://iam.amazonaws.com/doc/2010-05-08/", identities},
		{"Amazon CloudWatch", "2010-08-01", "http://monitoring.amazonaws.com/doc/2010-08-01/", monitoring},
	}
}

// queried is the service that a form is for; without one, its version is empty.
func queried(form url.Values) queryService {
	for _, s := range queryServices() {
		if s.version == form.Get("Version") {
			return s
		}
	}
	return queryService{}
}

// form is the body of a request of the query protocol. What is not a form is an
// empty one.
func (r wireRequest) form() url.Values {
	values, err := url.ParseQuery(string(r.body))
	if err != nil {
		return url.Values{}
	}
	return values
}

// serveQuery finds the action and runs it.
func (e *engine) serveQuery(form url.Values) (any, *apiError) {
	action, service := form.Get("Action"), queried(form)
	switch {
	case action == "":
		return nil, &apiError{code: "MissingAction", message: "The request must contain the parameter Action"}
	case service.version == "":
		return nil, &apiError{code: "InvalidAction", message: "The simulator has Elastic Load Balancing in version 2015-12-01, STS in version 2011-06-15, IAM in version 2010-05-08 and CloudWatch in version 2010-08-01; it cannot serve " +
			action + " of version " + form.Get("Version") + "."}
	}
	serve := service.operations()[action]
	if serve == nil {
		return nil, &apiError{code: "InvalidAction", message: "The simulator does not have the operation " + action + " of " + service.name + "."}
	}
	return serve(e, form)
}

// queryRefusal is how the query protocol says that a caller is refused.
func queryRefusal(err *apiError) *apiError {
	code := map[*apiError]string{
		errUnsigned: "MissingAuthenticationToken", errUnknownKey: "InvalidClientTokenId", errExpired: "ExpiredToken",
	}[err]
	return &apiError{code: code, message: err.message, status: http.StatusForbidden}
}

// queryResponse is the answer to a form.
func (e *engine) queryResponse(form url.Values, result any) wireResponse {
	id, action := e.Wire.uuid(), form.Get("Action")
	return response(http.StatusOK, xmlType, encodeXML(action+"Response", queried(form).space, func(enc *xml.Encoder) error {
		if err := enc.EncodeElement(result, element(action+"Result")); err != nil {
			return err
		}
		metadata := struct {
			ID string `xml:"RequestId"`
		}{id}
		return enc.EncodeElement(metadata, element("ResponseMetadata"))
	}), id)
}

// queryError is an error in the query protocol.
func (e *engine) queryError(form url.Values, err *apiError) wireResponse {
	id := e.Wire.uuid()
	kind := "Sender"
	if err.httpStatus() >= http.StatusInternalServerError {
		kind = "Receiver"
	}
	return response(err.httpStatus(), xmlType, encodeXML("ErrorResponse", queried(form).space, func(enc *xml.Encoder) error {
		detail := struct{ Type, Code, Message string }{kind, err.code, err.message}
		if err := enc.EncodeElement(detail, element("Error")); err != nil {
			return err
		}
		return enc.EncodeElement(id, element("RequestId"))
	}), id)
}

func element(name string) xml.StartElement {
	return xml.StartElement{Name: xml.Name{Local: name}}
}

// encodeXML writes an element of a namespace; none: of no namespace.
func encodeXML(name, space string, content func(*xml.Encoder) error) []byte {
	var b bytes.Buffer
	enc := xml.NewEncoder(&b)
	root := element(name)
	if space != "" {
		root.Attr = []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: space}}
	}
	err := enc.EncodeToken(root)
	if err == nil {
		err = content(enc)
	}
	if err == nil {
		err = enc.EncodeToken(root.End())
	}
	if err == nil {
		err = enc.Flush()
	}
	if err != nil {
		// Only values that cannot be XML fail, and none is ever put in.
		panic("ecssim: encoding a response: " + err.Error())
	}
	return b.Bytes()
}
