import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ModelError } from '../inference/model-error.ts'
import { tensor } from '../tensor.ts'
import { nearestName } from './missing-model.ts'
import { modelStore } from './store.ts'

const mini = resolve(import.meta.dirname, 'fixtures/mini-starter.safetensors')

function models(files: Record<string, string | Record<string, number[]>>): string {
  const root = mkdtempSync(join(tmpdir(), 'comfyrunner-store-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    const file = join(root, name)
    mkdirSync(join(file, '..'), { recursive: true })
    if (content === mini) symlinkSync(mini, file)
    else writeFileSync(file, typeof content === 'string' ? content : zeros(content))
  }
  return root
}

/** A safetensors file of empty tensors: its header is all that detection reads. */
function zeros(shapes: Record<string, number[]>): Buffer {
  const header = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      { dtype: 'F16', shape: [...shape, 0], data_offsets: [0, 0] },
    ]),
  )
  const text = Buffer.from(JSON.stringify(header))
  const start = Buffer.alloc(8)
  start.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([start, text])
}

test('embeddings that are missing or damaged are left out, and said', async () => {
  const said: string[] = []
  const store = modelStore({
    modelDirs: [models({ 'checkpoints/mini.safetensors': mini, 'embeddings/torn.pt': 'torn' })],
    threads: 1,
    notice: text => said.push(text),
  })
  const { clip } = await store.checkpoint('mini.safetensors')
  const plain = await clip!.encode('a photo of a cat')
  expect(await clip!.encode('a photo embedding:none, of embedding:torn a cat')).toEqual(plain)
  expect(said).toEqual([
    expect.stringMatching(/“none”.*in no embeddings folder.*left out/),
    expect.stringMatching(/“torn” is left out\. torn\.pt /),
  ])
  await store.free()
})

test('names across folders and subfolders; the first folder wins', () => {
  const a = models({ 'checkpoints/sub/mini.safetensors': mini, 'loras/x.safetensors': mini })
  const b = models({ 'checkpoints/other.ckpt': mini, 'checkpoints/notes.txt': 'no model' })
  const store = modelStore({
    modelDirs: [a, b],
    extraModelDirs: { loras: [join(b, 'checkpoints')] },
  })
  expect(store.list('checkpoints')).toEqual(['other.ckpt', 'sub/mini.safetensors'])
  expect(store.list('loras')).toEqual(['other.ckpt', 'x.safetensors'])
  expect(store.path('checkpoints', 'sub\\mini.safetensors')).toBe(
    store.path('loras', 'x.safetensors'),
  )
})

test('a missing model: the folder, the nearest name and what to do', async () => {
  const store = modelStore({
    modelDirs: [models({ 'checkpoints/sub/v1-5-pruned_emaonly.safetensors': mini })],
  })
  await expect(store.checkpoint('v1-5-pruned-emaonly.ckpt')).rejects.toThrow(ModelError)
  await expect(store.checkpoint('v1-5-pruned-emaonly.ckpt')).rejects.toThrow(
    /not in checkpoints\/.*"sub\/v1-5-pruned_emaonly\.safetensors"/,
  )
  await expect(store.checkpoint('flux.safetensors')).rejects.toThrow(
    /put the file into checkpoints\//,
  )
  await expect(store.vae('a.pt')).rejects.toThrow(/The folder is empty/)
})

test.each([
  [
    'Deliberate_V2.safetensors',
    ['deliberate_v3.safetensors', 'dreamshaper_8.safetensors'],
    'deliberate_v3.safetensors',
  ],
  ['x/4x-UltraSharp.pth', ['4xUltraSharp.safetensors'], '4xUltraSharp.safetensors'],
  ['abc', ['something else entirely'], undefined],
  ['abc', [], undefined],
])('nearest to %j', (name, names, want) => {
  expect(nearestName(name, names)).toBe(want)
})

const unet = 'model.diffusion_model.'
const lookAlikes: [what: RegExp, shapes: Record<string, number[]>][] = [
  [
    /a model of 5 channels.*on your ComfyUI/,
    {
      [`${unet}input_blocks.0.0.weight`]: [320, 5],
      [`${unet}input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight`]: [640, 1024],
    },
  ],
  [
    /a relative of Stable Diffusion 2.x with another input \(1536 wide\)/,
    {
      [`${unet}input_blocks.0.0.weight`]: [320, 4],
      [`${unet}input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight`]: [320, 1024],
      [`${unet}label_emb.0.0.weight`]: [1280, 1536],
    },
  ],
  [
    /a UNet with text of width 512/,
    {
      [`${unet}input_blocks.0.0.weight`]: [320, 4],
      [`${unet}input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight`]: [320, 512],
    },
  ],
  [/a Flux model/, { 'double_blocks.0.img_attn.qkv.weight': [1] }],
  [/a LoRA. Move it to loras/, { 'lora_unet_down_blocks_0.lora_down.weight': [1] }],
  [/a Control-LoRA. Move it to controlnet/, { lora_controlnet: [1], 'zero_convs.0.0.bias': [1] }],
  [/a model patch. Move it to model_patches/, { 'controlnet_blocks.0.y_rms.weight': [1] }],
  [/an upscaler. Move it to upscale_models/, { 'conv_first.weight': [1] }],
  [/a VAE. Move it to vae/, { 'decoder.conv_in.weight': [1] }],
  [/diffusers layout/, { 'down_blocks.0.resnets.0.conv1.weight': [1] }],
  [/unknown kind \("strange" …\)/, { strange: [1] }],
]
test.each(lookAlikes)('a checkpoint that is none: %s', async (what, shapes) => {
  const store = modelStore({ modelDirs: [models({ 'checkpoints/it.safetensors': shapes })] })
  await expect(store.checkpoint('it.safetensors')).rejects.toThrow(ModelError)
  await expect(store.checkpoint('it.safetensors')).rejects.toThrow(what)
  await expect(store.checkpoint('it.safetensors')).rejects.toThrow(
    /it\.safetensors is no Stable Diffusion/,
  )
})

test('text encoders of a family that is not supported, or a file that holds none, are refused', async () => {
  const file = 'text_encoders/t5.safetensors'
  const store = modelStore({ modelDirs: [models({ [file]: { 'encoder.block.0': [1] } })] })
  const ask = (type: string) => store.textEncoder(['t5.safetensors'], type)
  await expect(ask('mochi')).rejects.toThrow(/"mochi".*not supported.*"sdxl"/)
  await expect(ask('stable_diffusion')).rejects.toThrow(/t5\.safetensors holds no CLIP/)
})

test('loading a checkpoint opens nothing; running does; free() lets go and it runs again', async () => {
  const store = modelStore({
    modelDirs: [models({ 'checkpoints/mini.safetensors': mini })],
    threads: 1,
  })
  const { clip, vae } = await store.checkpoint('mini.safetensors')
  expect(store.bytes()).toBe(0)
  const first = await clip!.encode('x')
  expect(store.bytes()).toBeGreaterThan(0)
  await store.free()
  expect(store.bytes()).toBe(0)
  expect(await clip!.encode('x')).toEqual(first)
  expect((await vae!.decode(tensor([2, 4, 2, 2]))).shape).toEqual([2, 4, 4, 3])
  await store.free()
})

test('what does not fit together says so', async () => {
  const store = modelStore({
    modelDirs: [models({ 'checkpoints/mini.safetensors': mini })],
    threads: 1,
  })
  const { model, vae } = await store.checkpoint('mini.safetensors')
  const network = await model.network()
  const input = {
    x: tensor([1, 4, 4, 4]),
    timesteps: Float32Array.of(1),
    context: tensor([1, 77, 16]),
    y: tensor([1, 16]),
  }
  await expect(network.forward({ ...input, x: tensor([1, 16, 4, 4]) })).rejects.toThrow(
    /4 channels, this one has 16/,
  )
  await expect(network.forward({ ...input, context: tensor([1, 77, 768]) })).rejects.toThrow(
    /width 16, the conditioning has 768/,
  )
  await expect(vae!.decode(tensor([1, 16, 4, 4]))).rejects.toThrow(
    /latents of 4 channels, these have 16/,
  )
  await expect(vae!.encode(tensor([1, 1, 8, 3]))).rejects.toThrow(/too small to encode/)
  const lora = { file: mini, strength: 1 }
  expect(() => model.withAdapter(lora)).toThrow(
    /mini-starter\.safetensors changes no layer of mini/,
  )
  await store.free()
})
