// How many requests a second the Content Lake takes from one address: told in headers with every
// response, and enforced where a test asks for that.

import {Refusal} from './errors.js'

const PER_SECOND = {mutate: 25, query: 500}

export class RateLimits {
  enforced = false
  #second = 0
  #used = {}

  /** The headers for a request of a kind. Throws 429. */
  headersFor(kind) {
    const second = Math.floor(Date.now() / 1000)
    if (second !== this.#second) [this.#second, this.#used] = [second, {}]
    const bucket = kind === 'mutate' ? 'mutate' : 'query'
    this.#used[bucket] = (this.#used[bucket] ?? 0) + 1
    const left = PER_SECOND[bucket] - this.#used[bucket]
    const headers = {
      'ratelimit-limit': PER_SECOND[bucket],
      'ratelimit-remaining': Math.max(left, 0),
      'ratelimit-reset': 1,
    }
    if (this.enforced && left < 0) {
      const body = {message: 'API rate limit exceeded'}
      throw new Refusal(429, body, {...headers, 'retry-after': 1})
    }
    return headers
  }
}
