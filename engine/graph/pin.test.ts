import { expect, test } from 'vitest'
import { readUi } from './comfy-read.ts'
import { writeUi } from './comfy-write.ts'
import { emptyDocument } from './document.ts'
import { addNode, rootCanvas, setCollapsed, setPinned } from './edit.ts'
import { catalogueOf, fixturesFolder } from './fixtures/samples.ts'
import type { JsonObject } from './json.ts'

test('a pinned node is pinned in the file too, and can be let go', () => {
  const catalogue = catalogueOf(fixturesFolder)
  const at = { type: 'ImageInvert', x: 0, y: 0 }
  const { document, id } = addNode(emptyDocument(), rootCanvas, at, catalogue)
  const written = (made: typeof document) => (writeUi(made, catalogue).nodes as JsonObject[])[0]!
  const pinned = setPinned(document, rootCanvas, [id], true)
  expect(written(pinned)).toEqual({ ...written(document), flags: { pinned: true } })

  const again = readUi(writeUi(pinned, catalogue), catalogue)
  expect(again.nodes[id]!.pinned).toBe(true)
  expect(setPinned(again, rootCanvas, [id], true)).toBe(again)
  const folded = setCollapsed(again, rootCanvas, [id], true)
  expect(written(folded).flags).toEqual({ pinned: true, collapsed: true })
  expect(written(setPinned(folded, rootCanvas, [id], false)).flags).toEqual({ collapsed: true })
})
