import { expect, test } from 'vitest'
import { readUi } from './comfy-read.ts'
import { writeUi } from './comfy-write.ts'
import { emptyDocument } from './document.ts'
import * as edit from './edit.ts'
import { catalogueOf, fixturesFolder } from './fixtures/samples.ts'
import { isPinned, setPinned } from './pin.ts'

test('a pinned node is pinned in the file too, and can be let go', () => {
  const catalogue = catalogueOf(fixturesFolder)
  const { document, id } = edit.addNode(
    emptyDocument(),
    edit.rootCanvas,
    { type: 'ImageInvert', x: 0, y: 0 },
    catalogue,
  )
  const pinned = setPinned(document, edit.rootCanvas, [id], true)
  const again = readUi(writeUi(pinned, catalogue), catalogue)
  expect(isPinned(again.nodes[id]!)).toBe(true)
  expect(setPinned(again, edit.rootCanvas, [id], true)).toBe(again)
  const free = setPinned(again, edit.rootCanvas, [id], false)
  expect(isPinned(readUi(writeUi(free, catalogue), catalogue).nodes[id]!)).toBe(false)
})
