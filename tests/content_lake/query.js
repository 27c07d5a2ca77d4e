// GROQ on Sanity's own engine.

import {evaluateSync, parse} from 'groq-js'

import {queryParseError} from './errors.js'

/** The result of a query over documents; `byId` serves its dereferences. */
export function evaluate(query, params, documents, byId) {
  let tree
  try {
    tree = parse(query, {params})
  } catch (error) {
    throw queryParseError(error.message, query)
  }
  // The parser has put the values of the parameters in their places.
  const missing = firstParameter(tree)
  if (missing) throw queryParseError(`Param $${missing} referenced, but not provided`, query)
  const options = {dataset: documents, params, dereference: ({_ref}) => byId.get(_ref)}
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

// groq-js evaluates a subquery anew for every row of the query around it; the Content Lake does so
// only where the subquery speaks of the row. The others become their values first.
function hoisted(node, options) {
  const copy = {...node}
  for (const [name, value] of Object.entries(node)) {
    if (isNode(value)) copy[name] = valueIfClosed(value, options)
    else if (Array.isArray(value)) {
      copy[name] = value.map((each) => (isNode(each) ? valueIfClosed(each, options) : each))
    }
  }
  return copy
}

function valueIfClosed(node, options) {
  const inner = hoisted(node, options)
  if (!startsFromEverything(inner) || speaksOfParent(inner)) return inner
  return {type: 'Value', value: evaluateSync(inner, options).data}
}

function startsFromEverything(node) {
  while (node.base) node = node.base
  return node.type === 'Everything'
}

function speaksOfParent(node) {
  return (
    node.type === 'Parent' ||
    Object.values(node).some((value) =>
      Array.isArray(value) ? value.some((each) => isNode(each) && speaksOfParent(each))
        : isNode(value) && speaksOfParent(value),
    )
  )
}

function isNode(value) {
  return isObject(value) && 'type' in value
}

function isObject(value) {
  return value !== null && typeof value === 'object'
}
