// Sanity's own import and export, as its command-line tool runs them:
//
//   node tools.js import URL FILE    NDJSON or .tar.gz; existing documents are replaced
//   node tools.js export URL FILE    a .tar.gz

import {createReadStream} from 'node:fs'

import {createClient} from '@sanity/client'
import {exportDataset} from '@sanity/export'
import {sanityImport} from '@sanity/import'

const [command, apiHost, file] = process.argv.slice(2)
const client = createClient({
  projectId: 'stand-in',
  dataset: 'production',
  apiHost,
  useProjectHostname: false,
  apiVersion: '2025-02-19',
  useCdn: false,
  token: 'editor-token',
})

if (command === 'import') {
  await sanityImport(createReadStream(file), {client, operation: 'createOrReplace'})
} else {
  await exportDataset({client, dataset: 'production', outputPath: file})
}
