// One dataset: documents, transactions, strong references, and the index that queries read.
//
// Where Sanity does not say how it responds, this refuses: an id of a transaction that is used again,
// an empty `set` or `unset`, a document without a `_type`.

import {randomUUID} from 'node:crypto'
import {setTimeout as delay} from 'node:timers/promises'

import {boom, mutationError} from './errors.js'
import {applyPatch} from './patch.js'

const ID = /^(?!.*\.\.)(?!.*\.-)[A-Za-z0-9_.][A-Za-z0-9._-]{0,127}$/

export class Dataset {
  /** Milliseconds by which queries are behind the documents. */
  indexLag = 0
  /** The status of an error that Sanity does not document: 404 or 409. */
  statusOfMissing = 409
  #transactions = new Map()
  #documents = new Map()
  #index = new Map()
  #indexed = Promise.resolve()
  #released = null
  #release = () => {}
  #views = {}

  /** Keeps queries from seeing further writes, or lets them see all of them. */
  holdIndex(held) {
    this.#release()
    this.#released = held ? new Promise((resolve) => { this.#release = resolve }) : null
  }

  /** Forgets everything. */
  clear() {
    this.holdIndex(false)
    this.#documents = new Map()
    this.#index = new Map()
    this.#indexed = Promise.resolve()
    this.#transactions = new Map()
    this.#views = {}
  }

  /** Adds the documents of an NDJSON export as they are; queries see them at once. */
  load(ndjson) {
    for (const line of ndjson.split('\n').filter((each) => each.trim())) {
      const document = JSON.parse(line)
      const now = wholeSeconds(new Date())
      const system = {_createdAt: now, _updatedAt: now, ...document}
      if (typeof system._rev !== 'string') system._rev = randomUUID()
      this.#documents.set(document._id, system)
      this.#index.set(document._id, system)
    }
    this.#views = {}
  }

  get(id) {
    return this.#documents.get(id)
  }

  /** Every document, drafts too, as `/data/export` sends them. */
  all() {
    return [...this.#documents.values()]
  }

  /** The transactions since the one with this id, which is the first, oldest first. */
  transactionsFrom(id) {
    const all = [...this.#transactions.values()]
    const first = all.findIndex((each) => each.id === id)
    return first < 0 ? [] : all.slice(first)
  }

  /** What a query sees: all documents, the published ones, or those of them that are public. */
  view(perspective, {anonymous}) {
    if (!['raw', 'published'].includes(perspective)) {
      throw boom(400, 'Bad Request', `This stand-in has no perspective "${perspective}"`)
    }
    const name = anonymous ? 'anonymous' : perspective
    if (!this.#views[name]) {
      const sees = {
        raw: () => true,
        published: ({_id}) => !/^(drafts|versions)\./.test(_id),
        anonymous: ({_id}) => !_id.includes('.'),
      }[name]
      const documents = [...this.#index.values()].filter(sees)
      this.#views[name] = viewOf(documents)
    }
    return this.#views[name]
  }

  /** Executes all mutations or none; `indexed` resolves when queries see what has changed. */
  transact(mutations, transactionId, {dryRun}) {
    if (this.#transactions.has(transactionId)) {
      throw boom(409, 'Conflict', `Transaction ID "${transactionId}" is used`)
    }
    const before = this.#documents
    const draft = new Map(before)
    const now = wholeSeconds(new Date())
    const context = {transactionId, now, statusOfMissing: this.statusOfMissing}
    const results = mutations.map((mutation, index) => mutate(draft, mutation, {...context, index}))
    results.forEach(({id}, index) => checkReferences(draft, before, id, index))
    for (const result of results) result.document = draft.get(result.id) ?? result.document
    if (dryRun) return {results, indexed: Promise.resolve()}
    this.#documents = draft
    const documentIDs = [...new Set(results.map(({id}) => id))]
    this.#transactions.set(transactionId, {id: transactionId, timestamp: now, documentIDs})
    return {results, indexed: this.#catchUp(documentIDs, draft)}
  }

  #catchUp(ids, documents) {
    const apply = () => {
      for (const id of ids) {
        if (documents.has(id)) this.#index.set(id, documents.get(id))
        else this.#index.delete(id)
      }
      this.#views = {}
    }
    if (!this.indexLag && !this.#released) {
      apply()
      return this.#indexed
    }
    const [due, index, released] = [Date.now() + this.indexLag, this.#index, this.#released]
    this.#indexed = this.#indexed
      .then(() => released)
      .then(() => delay(Math.max(0, due - Date.now())))
      .then(() => index === this.#index && apply())
    return this.#indexed
  }
}

function viewOf(documents) {
  const byId = new Map(documents.map((each) => [each._id, each]))
  const byType = new Map()
  for (const each of documents) {
    if (byType.has(each._type)) byType.get(each._type).push(each)
    else byType.set(each._type, [each])
  }
  return {documents, byId, byType}
}

function mutate(draft, mutation, context) {
  const [[name, body]] = Object.entries(mutation)
  const {index, transactionId, now, statusOfMissing} = context
  const id = name === 'patch' || name === 'delete' ? body.id : body._id || randomUUID()
  if (typeof id !== 'string' || !ID.test(id)) {
    const description = `Malformed document ID: ${JSON.stringify(id ?? body.query)}`
    throw mutationError(400, index, 'validationError', description)
  }
  const current = draft.get(id)
  const put = (document, operation) => {
    if (typeof document._type !== 'string' || !document._type) {
      throw mutationError(400, index, 'validationError', `Document "${id}" has no _type`)
    }
    draft.set(id, {...document, _updatedAt: now, _rev: transactionId})
    return {id, operation}
  }
  switch (name) {
    case 'create':
      if (current) {
        const description = `Document by ID "${id}" already exists`
        throw mutationError(409, index, 'documentAlreadyExistsError', description, {id})
      }
      return put({_createdAt: now, ...body, _id: id}, 'create')
    case 'createIfNotExists':
      if (current) return {id, operation: 'none'}
      return put({_createdAt: now, ...body, _id: id}, 'create')
    case 'createOrReplace': {
      const created = {_createdAt: current?._createdAt ?? now}
      return put({...created, ...body, _id: id}, current ? 'update' : 'create')
    }
    case 'delete':
      draft.delete(id)
      return {id, operation: 'delete', document: current}
    case 'patch':
      return put(patched(current, id, body, {index, statusOfMissing}), 'update')
    default:
      throw mutationError(400, index, 'validationError', `Unknown mutation "${name}"`)
  }
}

function patched(current, id, patch, {index, statusOfMissing}) {
  if (!current) {
    const description = `The document with the ID "${id}" was not found`
    throw mutationError(statusOfMissing, index, 'documentNotFoundError', description, {id})
  }
  const [expected, found] = [patch.ifRevisionID, current._rev]
  if (expected !== undefined && expected !== found) {
    const revisions = {currentRevisionID: found, expectedRevisionID: expected}
    throw mutationError(409, index, 'documentRevisionIDDoesNotMatchError',
      'Unexpected revision ID', revisions)
  }
  try {
    return applyPatch(current, patch)
  } catch (error) {
    throw mutationError(400, index, 'validationError', error.message)
  }
}

/** As most documents hold an instant, though some are from writers that set milliseconds. */
function wholeSeconds(date) {
  return date.toISOString().replace(/\.\d+/, '')
}

function checkReferences(draft, before, id, index) {
  const document = draft.get(id)
  const old = strongReferences(before.get(id))
  const missing = strongReferences(document).find((each) => !draft.has(each) && !old.includes(each))
  if (missing) {
    const description = `The document "${id}" refers to "${missing}", which does not exist`
    throw mutationError(409, index, 'documentReferenceDoesNotExistError', description, {
      id, referenceID: missing,
    })
  }
  if (document || !before.has(id)) return
  const referencingIDs = [...draft.values()]
    .filter((each) => strongReferences(each).includes(id)).map(({_id}) => _id)
  if (referencingIDs.length) {
    const description = `The document "${id}" cannot be deleted: there are references to it`
    throw mutationError(409, index, 'documentHasExistingReferencesError', description, {
      id, referencingIDs,
    })
  }
}

function strongReferences(value) {
  if (!value || typeof value !== 'object') return []
  const own = typeof value._ref === 'string' && !value._weak ? [value._ref] : []
  return own.concat(Object.values(value).flatMap(strongReferences))
}
