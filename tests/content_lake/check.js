// What Sanity's own client sees in the stand-in: `node check.js URL` fails at the first surprise.

import assert from 'node:assert/strict'

import {ClientError, createClient} from '@sanity/client'

const config = {
  projectId: 'stand-in',
  dataset: 'production',
  apiHost: process.argv[2],
  useProjectHostname: false,
  apiVersion: '2025-02-19',
  useCdn: false,
  token: 'editor-token',
  maxRetries: 0,
}
const client = createClient(config)
const published = client.withConfig({perspective: 'published'})
const raw = client.withConfig({perspective: 'raw'})
const viewer = client.withConfig({token: 'viewer-token'})
const stranger = client.withConfig({token: 'no-such-token'})

const refusal = (type, status) => (error) => {
  assert.ok(error instanceof ClientError, String(error))
  assert.equal(error.statusCode, status)
  assert.equal(error.details.items[0].error.type, type)
  assert.match(error.traceId, /^[0-9a-f]{32}$/)
  return true
}

const checks = {
  async 'a created document is read back, at the transaction that made it'() {
    const made = await client.create({_id: 'user-a', _type: 'user', name: 'Ada'})
    assert.equal(made.name, 'Ada')
    assert.ok(made._rev && made._createdAt && made._updatedAt)
    assert.deepEqual(await client.getDocument('user-a'), made)
    assert.deepEqual(await published.fetch('*[_id == $id][0]', {id: 'user-a'}), made)
  },

  async 'a transaction gives its id to what it changes'() {
    const done = await client
      .transaction([{create: {_id: 'user-b', _type: 'user'}}])
      .transactionId('our-own-id')
      .commit({returnDocuments: true})
    assert.equal(done[0]._rev, 'our-own-id')
  },

  async 'getDocuments keeps the order and says null for what is missing'() {
    const [b, none, a] = await client.getDocuments(['user-b', 'user-none', 'user-a'])
    assert.deepEqual([b._id, none, a._id], ['user-b', null, 'user-a'])
    assert.equal(await client.getDocument('user-none'), undefined)
  },

  async 'long queries and parameters come by POST'() {
    const ids = Array.from({length: 2000}, (_, i) => `user-${i}`).concat('user-a')
    assert.deepEqual(await published.fetch('*[_id in $ids]._id', {ids}), ['user-a'])
  },

  async 'an id is given once'() {
    await assert.rejects(
      client.create({_id: 'user-a', _type: 'user'}),
      refusal('documentAlreadyExistsError', 409),
    )
    const kept = await client.createIfNotExists({_id: 'user-a', _type: 'user', name: 'Other'})
    assert.equal(kept.name, 'Ada')
    const replaced = await client.createOrReplace({_id: 'user-b', _type: 'user', name: 'Bo'})
    assert.equal(replaced.name, 'Bo')
  },

  async 'a document without an id gets one'() {
    const made = await client.create({_type: 'user'})
    assert.ok(made._id)
    await client.delete(made._id)
    assert.equal(await client.getDocument(made._id), undefined)
  },

  async 'patches'() {
    const patched = await client
      .patch('user-a')
      .set({age: 30, list: [{_key: 'k', n: 1}, 'two', 'three']})
      .setIfMissing({name: 'Nobody', nick: 'A'})
      .commit()
    assert.deepEqual([patched.name, patched.nick], ['Ada', 'A'])
    const again = await client
      .patch('user-a')
      .set({'list[_key=="k"].n': 2})
      .unset(['nick', 'list[1]'])
      .inc({age: 2})
      .dec({age: 1})
      .insert('after', 'list[-1]', ['four'])
      .commit()
    assert.deepEqual(again.list, [{_key: 'k', n: 2}, 'three', 'four'])
    assert.deepEqual([again.age, 'nick' in again], [31, false])
    await client.patch('user-a').prepend('list', ['zero']).commit()
    const longer = await client.patch('user-a').append('list', ['five']).commit()
    assert.deepEqual(longer.list, ['zero', {_key: 'k', n: 2}, 'three', 'four', 'five'])
  },

  async 'a patch is for one revision'() {
    const {_rev} = await client.getDocument('user-a')
    await client.patch('user-a').ifRevisionId(_rev).set({name: 'Ada L.'}).commit()
    await assert.rejects(
      client.patch('user-a').ifRevisionId(_rev).set({name: 'Late'}).commit(),
      refusal('documentRevisionIDDoesNotMatchError', 409),
    )
    assert.equal((await client.getDocument('user-a')).name, 'Ada L.')
  },

  async 'a patch of nothing'() {
    await assert.rejects(
      client.patch('user-none').set({name: 'Nobody'}).commit(),
      (error) => error.details.items[0].error.type === 'documentNotFoundError',
    )
  },

  async 'strong references hold, weak ones do not'() {
    const toNothing = {_type: 'reference', _ref: 'user-none'}
    await assert.rejects(
      client.create({_id: 'plan', _type: 'plan', runnerId: toNothing}),
      refusal('documentReferenceDoesNotExistError', 409),
    )
    const toAda = {_type: 'reference', _ref: 'user-a'}
    await client.create({_id: 'plan', _type: 'plan', runnerId: toAda})
    await client.create({_id: 'weak', _type: 'plan', runnerId: {...toNothing, _weak: true}})
    await assert.rejects(
      client.delete('user-a'),
      (error) => error.details.items[0].error.type === 'documentHasExistingReferencesError',
    )
    assert.equal(await published.fetch('*[_id == "plan"][0].runnerId->name'), 'Ada L.')
  },

  async 'a transaction is done as a whole or not at all'() {
    await assert.rejects(
      client.transaction().create({_id: 'user-c', _type: 'user'}).delete('user-a').commit(),
    )
    assert.equal(await client.getDocument('user-c'), undefined)
    await client.transaction().delete('plan').delete('weak').delete('user-a').commit()
    assert.equal(await client.getDocument('user-a'), undefined)
    await client.delete('user-a')
  },

  async 'a dry run changes nothing'() {
    await client.create({_id: 'user-d', _type: 'user'}, {dryRun: true})
    assert.equal(await client.getDocument('user-d'), undefined)
  },

  async 'drafts and release versions are not published'() {
    await client.create({_id: 'drafts.user-e', _type: 'user'})
    await client.create({_id: 'versions.r1.user-e', _type: 'user'})
    assert.deepEqual(await published.fetch('*[_id match "*user-e"]._id'), [])
    assert.equal((await raw.fetch('*[_type == "user"]._id')).length, 3)
  },

  async 'errors of queries'() {
    await assert.rejects(published.fetch('*['), (error) => {
      assert.equal(error.statusCode, 400)
      assert.equal(error.details.type, 'queryParseError')
      return true
    })
    assert.equal(await published.fetch('*[_id == "none"][0]'), null)
    assert.equal(await published.fetch('count(*[_id == "none"])'), 0)
  },

  async 'malformed ids'() {
    await assert.rejects(
      client.create({_id: 'a/b', _type: 'user'}),
      refusal('validationError', 400),
    )
  },

  async 'tokens and their rights'() {
    assert.equal((await viewer.getDocument('user-b')).name, 'Bo')
    await assert.rejects(
      viewer.create({_type: 'user'}),
      refusal('insufficientPermissionsError', 403),
    )
    for (const refused of [stranger, client.withConfig({token: undefined})]) {
      await assert.rejects(refused.fetch('*'), (error) => error.statusCode === 401)
    }
    await assert.rejects(
      client.withConfig({dataset: 'elsewhere'}).fetch('*'),
      (error) => error.statusCode === 404,
    )
  },
}

for (const [name, check] of Object.entries(checks)) {
  await check().catch((error) => {
    console.error(`Not so: ${name}`)
    throw error
  })
}
console.log(`${Object.keys(checks).length} checks passed`)
