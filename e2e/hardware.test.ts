// Somebody wants to know what their machine can, and tries another provider that it cannot.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Journey, startJourney } from './harness.ts'

let journey: Journey

beforeAll(async () => {
  // No Vulkan driver: WebGPU has nothing to compute with, whatever machine this is.
  process.env.VK_DRIVER_FILES = '/there/is/no/driver.json'
  process.env.VK_ICD_FILENAMES = process.env.VK_DRIVER_FILES
  journey = await startJourney()
})
afterAll(() => journey.end())

const provider = (id: string) => journey.page.getByTestId(`provider-${id}`)
const choose = (name: string) => journey.page.getByRole('radio', { name, exact: true }).click()

test('the first screen leads to what this machine is and how long a picture takes', async () => {
  const { page } = journey
  await page.getByRole('button', { name: 'How quick it is' }).click()
  await page
    .getByText(/A picture of 512 × 512 pixels .* 20 steps: about .*\d|about a minute/)
    .waitFor()
  expect(await provider('cpu').textContent()).toMatch(/\d+ cores?.*GB of memory.*GFLOP\/s.*In use/)
  await page.getByText('No GPU was found: the processor computes.').waitFor()
})

test.skipIf(process.platform !== 'linux')(
  'a provider that cannot be used is said aloud, and the processor goes on',
  async () => {
    const { page } = journey
    await choose('WebGPU')
    const notice = page.getByTestId('notice')
    await notice.waitFor({ timeout: 60_000 })
    expect(await notice.textContent()).toMatch(
      /^WebGPU cannot be used on this machine \(.+\), so the processor is used instead\.$/,
    )
    await provider('webgpu').getByText('Not usable').waitFor()
    await provider('cpu').getByText('In use').waitFor()
  },
)

test('choices are kept over a restart, and choosing takes the notice away', async () => {
  const { host } = journey
  const offline = () => journey.page.getByRole('switch', { name: 'Stay offline' })
  await journey.page.getByText('Refuses every request').click()
  await expect.poll(() => offline().getAttribute('aria-checked')).toBe('true')
  await choose('Processor')
  await journey.page.getByText('You chose the processor.').waitFor()
  await journey.page.getByTestId('notice').waitFor({ state: 'detached' })
  await host.restart()
  const page = await journey.open()
  await page.getByRole('button', { name: 'How quick it is' }).click()
  await page.getByText('You chose the processor.').waitFor()
  const chosen = page.getByRole('radio', { name: 'Processor', exact: true })
  expect(await chosen.getAttribute('aria-checked')).toBe('true')
  expect(await offline().getAttribute('aria-checked')).toBe('true')
  expect(journey.complaints).toEqual([])
})
