import { expect, test } from 'vitest'
import { catalogueLoaded, useCatalogue } from './catalogue.ts'

test('who needs node types waits until they are there', async () => {
  let there = false
  const waiting = catalogueLoaded().then(() => {
    there = true
  })
  useCatalogue.setState({ types: {} })
  await Promise.resolve()
  expect(there).toBe(false)
  useCatalogue.setState({ loaded: true })
  await waiting
  await catalogueLoaded()
})
