/* global SwaggerUIBundle */

// Swagger UI would fill every field of a form with an example of its own, and send even empty ones. What
// may be left out begins empty here, and is left out.
const emptyOptionalFields = () => ({
  wrapComponents: {
    JsonSchemaForm:
      (Field, { React }) =>
      (field) => {
        const { dispatchInitialValue: isFilled, required } = field
        const only = isFilled === undefined ? {} : { dispatchInitialValue: isFilled && required }
        return React.createElement(Field, { ...field, ...only })
      },
    ParameterIncludeEmpty:
      (Toggle, { React }) =>
      (toggle) => {
        const isIncludedOptions = { ...toggle.isIncludedOptions, defaultValue: false }
        return React.createElement(Toggle, { ...toggle, isIncludedOptions })
      },
  },
})

// It would show a video as text.
const downloadedVideos = () => ({
  wrapComponents: {
    responseBody:
      (Body, { React }) =>
      (body) => {
        const isVideo = /^video\//.test(body.contentType)
        const only = isVideo ? { contentType: 'application/octet-stream' } : {}
        return React.createElement(Body, { ...body, ...only })
      },
  },
})

window.ui = SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
  plugins: [emptyOptionalFields, downloadedVideos],
})
