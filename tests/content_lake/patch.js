// Patches of one document, in the Content Lake's order of operations. Paths are names, indices
// and `[_key=="…"]`; what else JSONMatch can say is refused.

const SEGMENT = /(?:^|\.)([A-Za-z_][A-Za-z0-9_-]*)|\[(-?\d+)\]|\[_key\s*==\s*"([^"]*)"\]/y

const OPERATIONS = ['set', 'setIfMissing', 'unset', 'inc', 'dec', 'insert']
const ABOUT = ['id', 'ifRevisionID']

/** The patched copy of a document. Throws an Error that says what is wrong with the patch. */
export function applyPatch(document, patch) {
  for (const name of Object.keys(patch)) {
    if (!OPERATIONS.includes(name) && !ABOUT.includes(name)) {
      throw new Error(`"${name}" is not a patch operation of this stand-in`)
    }
    if (OPERATIONS.includes(name) && Object.keys(patch[name]).length === 0) {
      throw new Error(`"${name}" is empty`)
    }
  }
  const patched = structuredClone(document)
  for (const [path, value] of Object.entries(patch.set ?? {})) {
    write(patched, path, () => value)
  }
  for (const [path, value] of Object.entries(patch.setIfMissing ?? {})) {
    write(patched, path, (current) => current ?? value)
  }
  for (const path of patch.unset ?? []) remove(patched, path)
  for (const [path, by] of Object.entries(patch.inc ?? {})) add(patched, path, by)
  for (const [path, by] of Object.entries(patch.dec ?? {})) add(patched, path, -by)
  if (patch.insert) insert(patched, patch.insert)
  return patched
}

function add(document, path, by) {
  write(document, path, (current) => {
    if (typeof current !== 'number') throw new Error(`"${path}" does not hold a number`)
    return current + by
  })
}

function write(document, path, change) {
  const {holder, key} = locate(document, path)
  if (holder === undefined) return
  const value = change(holder[key])
  if (value !== undefined) holder[key] = structuredClone(value)
}

function remove(document, path) {
  const {holder, key} = locate(document, path)
  if (Array.isArray(holder)) {
    if (key in holder) holder.splice(key, 1)
  } else if (holder !== undefined) {
    delete holder[key]
  }
}

function insert(document, {items, ...place}) {
  const [[position, path]] = Object.entries(place)
  const {holder, key} = locate(document, path, {pastTheEnd: true})
  if (!Array.isArray(holder)) throw new Error(`"${path}" is not in an array`)
  if (position === 'replace') holder.splice(key, 1, ...items)
  else holder.splice(position === 'after' ? key + 1 : key, 0, ...items)
}

/** What holds the value at a path, and under which key; no holder when the way there is missing. */
function locate(document, path, {pastTheEnd = false} = {}) {
  const segments = parse(path)
  let holder = document
  for (const [depth, segment] of segments.entries()) {
    const key = keyOf(holder, segment, pastTheEnd)
    if (key === undefined) return {}
    if (depth === segments.length - 1) return {holder, key}
    holder = holder[key]
    if (holder === null || typeof holder !== 'object') return {}
  }
}

function keyOf(holder, segment, pastTheEnd) {
  if (segment.name !== undefined) return Array.isArray(holder) ? undefined : segment.name
  if (!Array.isArray(holder)) return undefined
  if (segment.key !== undefined) {
    const index = holder.findIndex((item) => item?._key === segment.key)
    return index < 0 ? undefined : index
  }
  const index = segment.index < 0 ? holder.length + segment.index : segment.index
  if (pastTheEnd) return Math.max(index, segment.index < 0 ? -1 : 0)
  return index in holder ? index : undefined
}

function parse(path) {
  const segments = []
  SEGMENT.lastIndex = 0
  for (let end = 0; end < path.length; end = SEGMENT.lastIndex) {
    const match = SEGMENT.exec(path)
    if (!match) throw new Error(`"${path}" is not a path that this stand-in knows`)
    const [, name, index, key] = match
    segments.push({name, key, index: index === undefined ? undefined : Number(index)})
  }
  if (segments.length === 0) throw new Error('a path is empty')
  return segments
}
