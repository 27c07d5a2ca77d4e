// A stand-in of the Content Lake's HTTP API: query, mutate, doc, export and history of one dataset,
// on loopback. It is never kinder than Sanity.
//
//   node server.js [--port 0] [--project stand-in] [--dataset production] [--load FILE.ndjson]
//                  [--public] [--exit-with-stdin]
//
// The tokens are `editor-token` and `viewer-token`, `expired-token` and `foreign-token`. It says its address in one JSON line on
// standard output. `/control` is for tests: see `control` below.

import {randomBytes, randomUUID} from 'node:crypto'
import {readFileSync} from 'node:fs'
import {createServer} from 'node:http'
import {setTimeout as delay} from 'node:timers/promises'
import {parseArgs} from 'node:util'
import {gzipSync} from 'node:zlib'

import {Dataset} from './dataset.js'
import {boom, mutationError, Refusal, unauthorized} from './errors.js'
import {Counters, Faults} from './faults.js'
import {RateLimits} from './limits.js'
import {evaluate} from './query.js'

const MAX_MUTATION_BYTES = 4_000_000
const MIN_GZIP_LENGTH = 1400
const RIGHTS = {'editor-token': ['read', 'create', 'update'], 'viewer-token': ['read']}
const REFUSED_TOKENS = {'expired-token': 'SIO-401-AEX', 'foreign-token': 'SIO-401-AWH'}
const KEYS_OF_QUERY = ['query', 'params']
const FLAGS = ['returnIds', 'returnDocuments', 'returnQuery', 'dryRun', 'autoGenerateArrayKeys']
const VISIBILITIES = ['sync', 'async', 'deferred']
const PATH = /^\/v(?:1|\d{4}-\d{2}-\d{2})\/data\/(query|mutate|doc|export|history)\/([^/]+)\/?(.*)$/

const {values: options} = parseArgs({
  options: {
    port: {type: 'string', default: '0'},
    project: {type: 'string', default: 'stand-in'},
    dataset: {type: 'string', default: 'production'},
    load: {type: 'string'},
    public: {type: 'boolean', default: false},
    'exit-with-stdin': {type: 'boolean', default: false},
  },
})

const dataset = new Dataset()
const faults = new Faults()
const rateLimits = new RateLimits()
let counters = new Counters()
let ignoresSync = false
if (options.load) dataset.load(readFileSync(options.load, 'utf8'))

const server = createServer(async (request, response) => {
  try {
    const body = await readBody(request)
    const url = new URL(request.url, 'http://stand-in')
    if (url.pathname.startsWith('/control/')) {
      send(request, response, 200, control(`${request.method} ${url.pathname}`, body))
    } else {
      await serve(request, response, url, body)
    }
  } catch (error) {
    if (request.socket.destroyed) return
    const refusal = error instanceof Refusal ? error : brokenBy(error)
    send(request, response, refusal.status, refusal.body, refusal.headers)
  }
})

function brokenBy(error) {
  if (error instanceof SyntaxError) return boom(400, 'Bad Request', error.message)
  console.error(error)
  return boom(500, 'Internal Server Error', 'The stand-in is broken: see its standard error')
}

async function serve(request, response, url, body) {
  const [, kind, name, rest] = url.pathname.match(PATH) ?? []
  if (!kind) throw boom(404, 'Not Found', 'No such endpoint')
  checkParameters(url.searchParams)
  counters.begin(kind, url.searchParams.get('tag'))
  const counted = counters
  response.on('close', () => counted.end(kind))

  const rule = faults.take(kind)
  await delay(faults.latency + (rule?.action === 'delay' ? rule.ms : 0))
  const early = rule && rule.when === 'before' && rule.action !== 'truncate'
  if (early && disturb(rule, request, response)) return

  if (name !== options.dataset) {
    throw boom(404, 'Not Found', `Dataset "${name}" not found for project ID "${options.project}"`)
  }
  const headers = rateLimits.headersFor(kind)
  const rights = rightsOf(request)
  const disturbed = Boolean(rule && !early)
  const serveKind = {query, mutate, doc, export: exportAll, history}[kind]
  const content = await serveKind({request, url, body, rights, rest, disturbed})
  if (disturbed && disturb(rule, request, response, content)) return
  send(request, response, 200, content, headers)
}

function checkParameters(parameters) {
  // Servers differ in what they make of a name that is given twice, so nobody may rely on it.
  const names = [...parameters.keys()]
  const twice = names.find((each, place) => names.indexOf(each) !== place)
  if (twice) throw boom(400, 'Bad Request', `Parameter "${twice}" is given twice`)
  const flag = FLAGS.find((each) => !['true', 'false'].includes(parameters.get(each) ?? 'true'))
  if (flag) throw boom(400, 'Bad Request', `"${flag}" must be a boolean`)
  if (!VISIBILITIES.includes(parameters.get('visibility') ?? 'sync')) {
    throw boom(400, 'Bad Request', '"visibility" must be one of sync, async, deferred')
  }
  if (!/^[a-z0-9._-]{1,75}$/i.test(parameters.get('tag') ?? 'none')) {
    throw boom(400, 'Bad Request', '"tag" does not match [a-z0-9._-]{1,75}')
  }
}

/** Whether the fault took the place of the response. */
function disturb(rule, request, response, content) {
  switch (rule.action) {
    case 'respond':
      send(request, response, rule.status, rule.body ?? '', rule.headers)
      return true
    case 'drop':
      request.socket.resetAndDestroy()
      return true
    case 'hang':
      return true
    case 'truncate': {
      const text = JSON.stringify(content)
      response.writeHead(200, {'content-type': 'application/json', 'content-length': text.length})
      response.write(text.slice(0, text.length / 2), () => request.socket.destroy())
      return true
    }
    default:
      return false
  }
}

function query({request, url, body, rights}) {
  const started = performance.now()
  const sent = request.method === 'POST' ? JSON.parse(body) : queryOf(url)
  const strange = Object.keys(sent).find((key) => !KEYS_OF_QUERY.includes(key))
  if (strange) throw boom(400, 'Bad Request', `"${strange}" is not allowed`)
  const perspective = url.searchParams.get('perspective') ?? 'published'
  const view = dataset.view(perspective, {anonymous: !rights.includes('read')})
  const result = evaluate(sent.query, sent.params ?? {}, view)
  const echo = url.searchParams.get('returnQuery') === 'false' ? {} : {query: sent.query}
  return {...echo, result, ms: Math.round(performance.now() - started)}
}

function queryOf(url) {
  const params = [...url.searchParams].filter(([name]) => name.startsWith('$'))
  return {
    query: url.searchParams.get('query'),
    params: Object.fromEntries(params.map(([name, value]) => [name.slice(1), JSON.parse(value)])),
  }
}

async function mutate({url, body, rights, disturbed}) {
  if (body.length > MAX_MUTATION_BYTES) throw boom(413, 'Payload Too Large', 'Too large')
  const flag = (name) => url.searchParams.get(name) === 'true'
  const {mutations, transactionId = randomUUID()} = JSON.parse(body)
  mutations.forEach((mutation, index) => {
    const permission = 'create' in mutation ? 'create' : 'update'
    if (rights.includes(permission)) return
    const description = `Insufficient permissions; permission "${permission}" required`
    throw mutationError(403, index, 'insufficientPermissionsError', description, {permission})
  })
  const {results, indexed} = dataset.transact(mutations, transactionId, {dryRun: flag('dryRun')})
  // Whoever misses the response has not waited for the index either.
  const visibility = url.searchParams.get('visibility') ?? 'sync'
  if (visibility === 'sync' && !disturbed && !ignoresSync) await indexed
  return {
    transactionId,
    results: results.map(({id, document, operation}) => ({
      ...(flag('returnIds') || flag('returnDocuments') ? {id} : {}),
      ...(flag('returnDocuments') && document ? {document} : {}),
      operation,
    })),
  }
}

function doc({rest, rights}) {
  const asked = rest.split(',').map(decodeURIComponent)
  const hidden = asked.filter((id) => !rights.includes('read') && id.includes('.'))
  const missing = asked.filter((id) => !dataset.get(id))
  const found = asked.filter((id) => !hidden.includes(id) && !missing.includes(id))
  return {
    documents: found.map((id) => dataset.get(id)).reverse(),
    omitted: [
      ...hidden.map((id) => ({id, reason: 'permission'})),
      ...missing.filter((id) => !hidden.includes(id)).map((id) => ({id, reason: 'existence'})),
    ],
  }
}

function exportAll({url, rights}) {
  if (!rights.includes('read')) throw unauthorized()
  const types = url.searchParams.get('types')?.split(',')
  return ndjson(dataset.all().filter(({_type}) => !types || types.includes(_type)))
}

/** Without the contents (`excludeContent=true`), which nobody needs here. */
function history({rest, url, rights}) {
  if (!rights.includes('read')) throw unauthorized()
  const {fromTransaction, limit = 100, excludeContent} = Object.fromEntries(url.searchParams)
  if (rest !== 'transactions' || !fromTransaction || excludeContent !== 'true') {
    throw boom(404, 'Not Found', 'This stand-in has transactions?fromTransaction=ID&excludeContent=true')
  }
  return ndjson(dataset.transactionsFrom(fromTransaction).slice(0, Number(limit)))
}

function ndjson(lines) {
  return lines.map((each) => `${JSON.stringify(each)}\n`).join('')
}

function rightsOf(request) {
  const [, token] = request.headers.authorization?.match(/^Bearer (.*)$/) ?? []
  if (token ? !(token in RIGHTS) : !options.public) throw unauthorized(REFUSED_TOKENS[token])
  return RIGHTS[token] ?? []
}

function control(endpoint, body) {
  switch (endpoint) {
    case 'POST /control/reset': // as after the start, but without documents
      dataset.clear()
      faults.clear()
      counters = new Counters()
      dataset.indexLag = faults.latency = 0
      dataset.statusOfMissing = 409
      ignoresSync = false
      return {}
    case 'POST /control/documents': // NDJSON
      dataset.load(body)
      return {}
    case 'POST /control/faults':
      faults.add(JSON.parse(body))
      return {}
    case 'DELETE /control/faults':
      faults.clear()
      return {}
    case 'PUT /control/delays': { // milliseconds
      const {indexLag = 0, latency = 0} = JSON.parse(body)
      dataset.indexLag = indexLag
      faults.latency = latency
      return {}
    }
    case 'PUT /control/switches': {
      const {syncIgnored = false, patchOfNothing = 409, indexHeld = false} = JSON.parse(body)
      ignoresSync = syncIgnored
      dataset.holdIndex(indexHeld)
      dataset.statusOfMissing = patchOfNothing
      return {}
    }
    case 'DELETE /control/counters':
      counters = new Counters()
      return {}
    case 'GET /control/counters':
      return counters
    default:
      throw boom(404, 'Not Found', endpoint)
  }
}

async function readBody(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

function send(request, response, status, body, headers = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const zip = text.length >= MIN_GZIP_LENGTH && /gzip/.test(request.headers['accept-encoding'] ?? '')
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    traceparent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`,
    ...(zip ? {'content-encoding': 'gzip'} : {}),
    ...headers,
  })
  response.end(zip ? gzipSync(text) : text)
}

server.keepAliveTimeout = 60_000
server.listen(Number(options.port), '127.0.0.1', () => {
  console.log(JSON.stringify({url: `http://127.0.0.1:${server.address().port}`}))
})
if (options['exit-with-stdin']) process.stdin.on('end', () => process.exit()).resume()
