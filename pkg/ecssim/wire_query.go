package ecssim

// This file is the wire protocol of Elastic Load Balancing (AWS query): forms in,
// XML out.

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"net/url"
)

const (
	formType         = "application/x-www-form-urlencoded"
	xmlType          = "text/xml"
	balancingVersion = "2015-12-01"
	balancingSpace   = "http://elasticloadbalancing.amazonaws.com/doc/" + balancingVersion + "/"
)

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
	action, version := form.Get("Action"), form.Get("Version")
	switch serve := balancing()[action]; {
	case action == "":
		return nil, &apiError{code: "MissingAction", message: "The request must contain the parameter Action"}
	case version != balancingVersion:
		return nil, &apiError{code: "InvalidAction", message: "The simulator has Elastic Load Balancing in version " +
			balancingVersion + " only; it cannot serve " + action + " of version " + version + "."}
	case serve == nil:
		return nil, &apiError{code: "InvalidAction", message: "The simulator does not have the operation " + action + " of Elastic Load Balancing v2."}
	default:
		return serve(e, form)
	}
}

// queryResponse is the answer of an action.
func (e *engine) queryResponse(action string, result any) wireResponse {
	id := e.Wire.uuid()
	return response(http.StatusOK, xmlType, encodeXML(action+"Response", func(enc *xml.Encoder) error {
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
func (e *engine) queryError(err *apiError) wireResponse {
	id := e.Wire.uuid()
	kind := "Sender"
	if err.httpStatus() >= http.StatusInternalServerError {
		kind = "Receiver"
	}
	return response(err.httpStatus(), xmlType, encodeXML("ErrorResponse", func(enc *xml.Encoder) error {
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

// encodeXML writes an element of the Elastic Load Balancing namespace.
func encodeXML(name string, content func(*xml.Encoder) error) []byte {
	var b bytes.Buffer
	enc := xml.NewEncoder(&b)
	root := element(name)
	root.Attr = []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: balancingSpace}}
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
