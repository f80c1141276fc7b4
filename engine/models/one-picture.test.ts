// With guidance two texts see one picture: what comes before the first look at a text is computed once.
import { afterAll, expect, test } from 'vitest'
import type { Ids, Session } from '../inference/session.ts'
import type { SessionRecipe } from '../inference/session-pool.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { ControlNetModel } from './controlnet.ts'
import { addon, QuickPool, smallUnet } from './fixtures/addons.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { difference, rnd } from './fixtures/goldens.ts'
import type { DiffusionModel } from './kinds.ts'

/** Keeps how many pictures each run was handed. */
class WatchedPool extends QuickPool {
  readonly pictures: (number | undefined)[] = []

  override use<T>(recipe: SessionRecipe, work: (session: Session) => Promise<T>): Promise<T> {
    return super.use(recipe, session =>
      work({
        ...session,
        run: (feeds: Readonly<Record<string, Tensor | Ids>>) => {
          this.pictures.push(feeds.x?.shape[0])
          return session.run(feeds)
        },
      }),
    )
  }
}

const pool = new WatchedPool()
afterAll(() => pool.free())
const unet: DiffusionModel = smallUnet(pool)
const contexts = rnd('context', [2, 5, 16])
const pictures = rnd('x', [2, 4, 16, 24])
const row = ({ data, shape }: Tensor, n: number) => {
  const size = data.length / shape[0]!
  return tensor([1, ...shape.slice(1)], data.slice(n * size, (n + 1) * size))
}
const stack = (...rows: Tensor[]) =>
  tensor(
    [rows.length, ...rows[0]!.shape.slice(1)],
    Float32Array.from(rows.flatMap(({ data }) => [...data])),
  )

async function forward(x: Tensor, context: Tensor, { model = unet, times = [500, 500] } = {}) {
  pool.pictures.length = 0
  const timesteps = Float32Array.from(times.slice(0, x.shape[0]))
  return (await model.network()).forward({ x, timesteps, context })
}

test('one picture for two texts is handed over once, and seen as each text alone sees it', async () => {
  const picture = row(pictures, 0)
  const got = await forward(stack(picture, picture), contexts)
  expect(pool.pictures).toEqual([1])
  const alone = [await forward(picture, row(contexts, 0)), await forward(picture, row(contexts, 1))]
  expect(got.shape).toEqual([2, 4, 16, 24])
  expectClose(got, stack(...alone), 2e-6)
  expect(difference(alone[0]!, alone[1]!)).toBeGreaterThan(1e-3)
})

test('pictures or times that differ are all handed over', async () => {
  const got = await forward(pictures, contexts)
  expect(pool.pictures).toEqual([2])
  const alone = [0, 1].map(n => forward(row(pictures, n), row(contexts, n)))
  expectClose(got, stack(...(await Promise.all(alone))), 2e-6)

  const picture = row(pictures, 0)
  const timed = await forward(stack(picture, picture), contexts, { times: [500, 900] })
  expect(pool.pictures).toEqual([2])
  expectClose(row(timed, 0), await forward(picture, row(contexts, 0)), 2e-6)
})

test('what is done inside the network sees a picture for each text', async () => {
  const model = unet.withChange!({
    kind: 'freeu',
    version: 2,
    backbone: [1.3, 1.4],
    skip: [0.9, 0.2],
  })
  const picture = row(pictures, 0)
  const got = await forward(stack(picture, picture), contexts, { model })
  expect(pool.pictures).toEqual([2])
  const alone = [0, 1].map(n => forward(picture, row(contexts, n), { model }))
  expectClose(got, stack(...(await Promise.all(alone))), 2e-6)
})

test('a ControlNet sees one picture once, and two as two', async () => {
  const net = new ControlNetModel(addon('union'), pool).withType!(1)
  const residuals = async (x: Tensor, hint: Tensor, context: Tensor) => {
    pool.pictures.length = 0
    const timesteps = new Float32Array(x.shape[0]!).fill(500)
    const { middle, output } = await net.residuals({ x, timesteps, context }, hint)
    return [...middle!, ...output!] as Tensor[]
  }
  const hints = rnd('hint', [2, 3, 128, 192])
  const [picture, hint] = [row(pictures, 0), row(hints, 0)]
  const alone = await Promise.all([0, 1].map(n => residuals(picture, hint, row(contexts, n))))
  const together = await residuals(stack(picture, picture), stack(hint, hint), contexts)
  expect(pool.pictures).toEqual([1])
  for (const [place, got] of together.entries())
    expectClose(got, stack(alone[0]![place]!, alone[1]![place]!), 2e-6)
  await residuals(stack(picture, picture), hints, contexts)
  expect(pool.pictures).toEqual([2])
})
