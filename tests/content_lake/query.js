// GROQ on Sanity's own engine.

import {evaluateSync, parse} from 'groq-js'

import {queryParseError} from './errors.js'

/** The result of a query over a view of a dataset. */
export function evaluate(query, params, {documents, byId, byType}) {
  let tree
  try {
    tree = parse(query, {params})
  } catch (error) {
    throw queryParseError(error.message, query)
  }
  // The parser has put the values of the parameters in their places.
  const missing = firstParameter(tree)
  if (missing) throw queryParseError(`Param $${missing} referenced, but not provided`, query)
  const options = {
    dataset: documents,
    params,
    dereference: ({_ref}) => byId.get(_ref),
    ofType: (type) => byType.get(type) ?? [],
  }
  return evaluateSync(hoisted(tree, options), options).data ?? null
}

function firstParameter(node) {
  if (node.type === 'Parameter') return node.name
  for (const value of Object.values(node)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      const found = isObject(each) && firstParameter(each)
      if (found) return found
    }
  }
  return undefined
}

// groq-js goes through all documents for every subquery, and again for every row of the query around
// it. The Content Lake has an index of the types, and evaluates a subquery once that does not speak of
// the row. So does this stand-in: such a subquery becomes its value first.
function hoisted(node, options) {
  if (node.type === 'Value') return node
  const copy = {...node}
  for (const [name, value] of Object.entries(node)) {
    if (isNode(value)) copy[name] = valueIfClosed(value, options)
    else if (Array.isArray(value)) {
      copy[name] = value.map((each) => (isNode(each) ? valueIfClosed(each, options) : each))
    }
  }
  const type = node.type === 'Filter' && node.base.type === 'Everything' && typeIn(node.expr)
  if (type) copy.base = {type: 'Value', value: options.ofType(type)}
  return copy
}

function valueIfClosed(node, options) {
  const inner = hoisted(node, options)
  if (!isSubquery(node) || speaksOfParent(node)) return inner
  return {type: 'Value', value: evaluateSync(inner, options).data}
}

// The type of documents that a condition begins with: `_type == "x" && …`.
function typeIn(condition) {
  while (condition.type === 'And') condition = condition.left
  const {op, left, right} = condition
  const isType = op === '==' && left.type === 'AccessAttribute' && !left.base && left.name === '_type'
  return isType && right.type === 'Value' && right.value
}

function isSubquery(node) {
  if (node.type === 'Everything') return false
  while (node.base) node = node.base
  return node.type === 'Everything'
}

// The member of a node that is evaluated for each row, where `^` is the row around it.
const ROW_IN = {Filter: 'expr', Projection: 'expr', PipeFuncCall: 'args'}

// Whether a `^` leads out of the subquery; the node lies `depth` rows inside of it.
function speaksOfParent(node, depth = 0) {
  if (node.type === 'Parent') return node.n >= depth
  if (node.type === 'Value') return false
  return Object.entries(node).some(([name, value]) => {
    const opensRow = ROW_IN[node.type] === name
    return (Array.isArray(value) ? value : [value]).some(
      (each) => isNode(each) && speaksOfParent(each, opensRow ? depth + 1 : depth),
    )
  })
}

function isNode(value) {
  return isObject(value) && 'type' in value
}

function isObject(value) {
  return value !== null && typeof value === 'object'
}
