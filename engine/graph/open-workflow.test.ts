import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toPrompt } from './comfy-prompt.ts'
import { writeUi } from './comfy-write.ts'
import { emptyDocument } from './document.ts'
import { syncWithCatalogue } from './edit.ts'
import {
  catalogueOf,
  difference,
  fixturesFolder,
  readSample,
  sampleNames,
} from './fixtures/samples.ts'
import { type JsonObject, writeJson } from './json.ts'
import { documentText, openWorkflow, readDocument, WorkflowError } from './open-workflow.ts'

const catalogue = catalogueOf(fixturesFolder)
const open = (value: unknown) => openWorkflow(writeJson(value), catalogue)
const ui = readSample(`${fixturesFolder}/workflows`, 'default.json')
const api = readSample(`${fixturesFolder}/api`, 'default.json')

describe('every form opens', () => {
  test.each<[string, unknown, string]>([
    ['UI', ui, 'ui'],
    ['API', api, 'api'],
    ['UI in {workflow}', { workflow: ui }, 'ui'],
    ['UI as text in {workflow}', { workflow: writeJson(ui), prompt: writeJson(api) }, 'ui'],
    ['API in {prompt}', { prompt: api, client_id: 'x' }, 'api'],
    [
      'a request that carries both',
      { prompt: api, extra_data: { extra_pnginfo: { workflow: ui } } },
      'ui',
    ],
    ['an export with both', { workflow: ui, output: api }, 'ui'],
  ])('%s', (_, value, form) => {
    const opened = open(value)
    expect(opened.form).toBe(form)
    expect(
      Object.values(opened.document.nodes)
        .map(node => node.type)
        .sort(),
    ).toContain('KSampler')
  })

  test('our own, with a byte order mark', () => {
    const { document } = open(ui)
    const again = openWorkflow(`\uFEFF${documentText(document)}`, catalogue)
    expect(again).toEqual({ document, form: 'document' })
  })
})

describe('what is no workflow is said in words', () => {
  test.each<[string, string, RegExp]>([
    ['nothing', ' \n', /empty/],
    ['a comma too many', '{\n  "nodes": [],\n  }', /line 3, column 3/],
    ['cut off', '{"nodes": [{"id": 1', /line 1, column 20.*cut off/s],
    ['plain text', 'a photo of a cat', /line 1, column 1/],
    ['a web page', '<!DOCTYPE html><html>', /web page/],
    ['a picture', '\u0089PNG\r\n\u001a\n', /picture/],
    ['a list', '[1,2]', /not a workflow/],
    ['a number', '5', /not a workflow/],
    ['an empty object', '{}', /empty object/],
    ['something else', '{"name":"x","dependencies":{}}', /"name", "dependencies"/],
    ['half a prompt', '{"1":{"inputs":{}}}', /class_type/],
    ['from the future', '{"format":2,"nodes":{}}', /newer version/],
    [
      'damaged',
      '{"format":1,"nodes":{"1":{"id":1}},"links":{},"groups":[],"subgraphs":{}}',
      /damaged at nodes › 1 › id/,
    ],
  ])('%s', (_, text, message) => {
    expect(() => openWorkflow(text, catalogue)).toThrow(WorkflowError)
    expect(() => openWorkflow(text, catalogue)).toThrow(message)
  })

  test.each(['constructor', '__proto__', 'toString'])(
    'a node called %s is a node like any',
    name => {
      const node = { id: name, type: name, inputs: [{ name: 'a', type: 'A', link: name }] }
      const { document } = open({
        nodes: [node, { ...node, id: 2 }],
        links: [[name, 2, 0, name, 0]],
      })
      expect(() => toPrompt(syncWithCatalogue(document, catalogue), catalogue)).not.toThrow()
      const prompt = { 1: { class_type: name, inputs: { [name]: 1 } } }
      expect(open(prompt).form).toBe('api')
    },
  )

  test('any text either opens or is refused in words', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.jsonValue().map(value => writeJson({ nodes: [value], links: [value] })),
    )
    fc.assert(
      fc.property(text, source => {
        try {
          openWorkflow(source, catalogue)
        } catch (error) {
          expect(error).toBeInstanceOf(WorkflowError)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('our storage form', () => {
  test.each(sampleNames(`${fixturesFolder}/workflows`))(
    '%s survives it and is still written exactly',
    name => {
      const json: JsonObject = readSample(`${fixturesFolder}/workflows`, name)
      const { document } = open(json)
      const stored = readDocument(documentText(document))
      expect(stored).toEqual(document)
      expect(difference(json, writeUi(stored, catalogue))).toBeUndefined()
    },
  )

  test('says which format it is', () => {
    expect(documentText(emptyDocument())).toBe(
      '{"format":1,"nodes":{},"links":{},"groups":[],"subgraphs":{}}',
    )
  })

  test('broken text is refused in words', () => {
    expect(() => readDocument('{"format":1')).toThrow(WorkflowError)
  })
})
