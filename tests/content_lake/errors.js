// The error bodies of the Content Lake: Boom's for the front door, its own envelopes behind it.

export class Refusal extends Error {
  constructor(status, body, headers = {}) {
    super(JSON.stringify(body))
    this.status = status
    this.body = body
    this.headers = headers
  }
}

export function boom(status, error, message, more = {}) {
  return new Refusal(status, {statusCode: status, error, message, ...more})
}

export function unauthorized(errorCode = 'SIO-401-ANF') {
  return boom(401, 'Unauthorized', 'Session not found', {errorCode})
}

export function queryParseError(description, query) {
  const error = {type: 'queryParseError', description, query, start: 0, end: query.length}
  return new Refusal(400, {error})
}

/** One failed mutation fails its transaction; `fields` are what clients branch on. */
export function mutationError(status, index, type, description, fields = {}) {
  const item = {index, error: {type, description, ...fields}}
  return new Refusal(status, {
    error: {type: 'mutationError', description: 'The mutation(s) failed', items: [item]},
  })
}
