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

const refusal = (type, status) => (error) => {
  assert.ok(error instanceof ClientError, String(error))
  assert.equal(error.statusCode, status)
  assert.equal(error.details.items[0].error.type, type)
  assert.match(error.traceId, /^[0-9a-f]{32}$/)
  return true
}

const get = (path) =>
  fetch(`${config.apiHost}/v${config.apiVersion}/data/${path}`, {
    headers: {authorization: `Bearer ${config.token}`},
  })

const checks = {
  async 'a created document is read back, at the transaction that made it'() {
    const made = await client.create({_id: 'user-a', _type: 'user', name: 'Ada'})
    assert.equal(made.name, 'Ada')
    assert.ok(made._rev)
    assert.match(made._createdAt, /T\d\d:\d\d:\d\dZ$/, 'whole seconds')
    assert.match(made._updatedAt, /T\d\d:\d\d:\d\dZ$/)
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

  async 'an id of a transaction is used once'() {
    for (const mutation of [{create: {_type: 'user'}}, {delete: {id: 'user-none'}}]) {
      const again = client.transaction([mutation]).transactionId('our-own-id')
      await assert.rejects(again.commit(), (error) => error.statusCode === 409)
    }
    const failed = client.transaction([{create: {_id: 'user-b', _type: 'user'}}])
    await assert.rejects(failed.transactionId('not-executed').commit())
    const dry = client.transaction([{create: {_type: 'user'}}]).transactionId('not-executed')
    await dry.commit({dryRun: true})
    await client.transaction([{delete: {id: 'user-none'}}]).transactionId('not-executed').commit()
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

  async 'a document has a type'() {
    const untyped = client.create({_id: 'user-f', name: 'Nobody'})
    await assert.rejects(untyped, refusal('validationError', 400))
    const unset = client.patch('user-a').unset(['_type']).commit()
    await assert.rejects(unset, refusal('validationError', 400))
  },

  async 'whoever makes a document may say when it was made'() {
    const _createdAt = '2020-01-01T00:00:00.123Z'
    const made = await client.create({_id: 'user-g', _type: 'user', _createdAt, _updatedAt: 'x'})
    assert.equal(made._createdAt, _createdAt)
    assert.notEqual(made._updatedAt, 'x')
    await client.delete('user-g')
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

  async 'drafts refer, too'() {
    await client.create({_id: 'user-h', _type: 'user'})
    const toHer = {_type: 'reference', _ref: 'user-h'}
    await client.create({_id: 'drafts.plan-h', _type: 'plan', runnerId: toHer})
    await assert.rejects(
      client.delete('user-h'),
      refusal('documentHasExistingReferencesError', 409),
    )
    await client.transaction().delete('drafts.plan-h').delete('user-h').commit()
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
    for (const query of ['*[_id == $id]', '*[0...$limit]', '*[_type == "user"]{"x": $x}']) {
      await assert.rejects(published.fetch(query), (error) => error.statusCode === 400)
    }
    assert.equal(await published.fetch('*[_id == $id][0]', {id: null}), null)
    assert.equal(await published.fetch('*[_id == "none"][0]'), null)
    assert.equal(await published.fetch('count(*[_id == "none"])'), 0)
  },

  async 'malformed ids'() {
    await assert.rejects(
      client.create({_id: 'a/b', _type: 'user'}),
      refusal('validationError', 400),
    )
  },

  async 'tags'() {
    await published.fetch('count(*)', {}, {tag: 'some.tag_1-2'})
    const strange = get('query/production?query=1&tag=not%20a%20tag')
    assert.equal((await strange).status, 400)
  },

  async 'an export has every document, or those of some types'() {
    const lines = async (response) => (await response.text()).trim().split('\n').map(JSON.parse)
    const all = await lines(await get('export/production'))
    assert.ok(all.some(({_id}) => _id === 'drafts.user-e'))
    assert.deepEqual(await lines(await get('export/production?types=user')), all)
    assert.equal(await (await get('export/production?types=plan')).text(), '')
  },

  async 'the history names transactions and their documents'() {
    await client.transaction([{create: {_id: 'user-i', _type: 'user'}}]).transactionId('h').commit()
    await client.delete('user-i')
    const from = 'history/production/transactions?excludeContent=true&limit=1&fromTransaction='
    const {id, documentIDs} = await (await get(`${from}h`)).json()
    assert.deepEqual([id, documentIDs], ['h', ['user-i']])
    assert.equal(await (await get(`${from}never`)).text(), '')
  },

  async 'every response says how many requests are left'() {
    const {headers} = await get('query/production?query=1')
    assert.ok(Number(headers.get('ratelimit-remaining')) < Number(headers.get('ratelimit-limit')))
    assert.equal(headers.get('ratelimit-reset'), '1')
  },

  async 'tokens and their rights'() {
    assert.equal((await viewer.getDocument('user-b')).name, 'Bo')
    await assert.rejects(
      viewer.create({_type: 'user'}),
      refusal('insufficientPermissionsError', 403),
    )
    const codes = {
      'no-such-token': 'SIO-401-ANF', 'expired-token': 'SIO-401-AEX', 'foreign-token': 'SIO-401-AWH',
    }
    for (const [token, code] of [...Object.entries(codes), [undefined, 'SIO-401-ANF']]) {
      await assert.rejects(client.withConfig({token}).fetch('*'), (error) => {
        assert.deepEqual([error.statusCode, error.response.body.errorCode], [401, code])
        return true
      })
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
