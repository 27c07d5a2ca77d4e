// How many requests a second the Content Lake takes from one address, as it tells with each response.
// A test that wants one refused adds a fault.

const PER_SECOND = {mutate: 25, query: 500}

export class RateLimits {
  #second = 0
  #used = {}

  /** The headers of the response to a request of a kind. */
  headersFor(kind) {
    const second = Math.floor(Date.now() / 1000)
    if (second !== this.#second) [this.#second, this.#used] = [second, {}]
    const bucket = kind === 'mutate' ? 'mutate' : 'query'
    this.#used[bucket] = (this.#used[bucket] ?? 0) + 1
    return {
      'ratelimit-limit': PER_SECOND[bucket],
      'ratelimit-remaining': Math.max(PER_SECOND[bucket] - this.#used[bucket], 0),
      'ratelimit-reset': 1,
    }
  }
}
