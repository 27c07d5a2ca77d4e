// What tests ask of the stand-in beyond the API: faults, latency, and what it has been asked.

import {boom} from './errors.js'

const ACTIONS = ['respond', 'drop', 'hang', 'truncate', 'delay']

export class Faults {
  /** Milliseconds that every request takes longer. */
  latency = 0
  #rules = []

  /**
   * A rule for the next `times` requests of a `kind` (query, mutate, doc), after the first `skip`:
   *   {action: 'respond', status, headers?, body?}  this response
   *   {action: 'drop'}                              the connection is reset
   *   {action: 'hang'}                              no response, ever
   *   {action: 'truncate'}                          half of the true response, then a reset
   *   {action: 'delay', ms}                         the true response, later
   * `when` is 'before' the request is executed (default) or 'after'.
   */
  add({times = 1, skip = 0, when = 'before', ...rule}) {
    if (!ACTIONS.includes(rule.action)) throw boom(400, 'Bad Request', `No action "${rule.action}"`)
    this.#rules.push({times, skip, when, ...rule})
  }

  clear() {
    this.#rules = []
  }

  /** The rule for this request, if any; it counts as used. */
  take(kind) {
    const rule = this.#rules.find((each) => each.times > 0 && (!each.kind || each.kind === kind))
    if (!rule) return undefined
    if (rule.skip > 0) {
      rule.skip -= 1
      return undefined
    }
    rule.times -= 1
    return rule
  }
}

/** Requests by kind, their tags, and the most mutations that were at work at one time. */
export class Counters {
  requests = {query: 0, mutate: 0, doc: 0}
  tags = []
  maxConcurrentMutations = 0
  #mutations = 0

  begin(kind, tag) {
    this.tags.push(tag ?? '')
    this.requests[kind] = (this.requests[kind] ?? 0) + 1
    if (kind !== 'mutate') return
    this.#mutations += 1
    this.maxConcurrentMutations = Math.max(this.maxConcurrentMutations, this.#mutations)
  }

  end(kind) {
    if (kind === 'mutate') this.#mutations -= 1
  }
}
