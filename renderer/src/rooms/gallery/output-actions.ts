// What can be done with a picture that was made.
import type { Output } from '../../../../engine/api/contract.ts'
import { hasControl } from '../../../../engine/graph/catalogue.ts'
import { fromPrompt } from '../../../../engine/graph/comfy-prompt.ts'
import type { Document } from '../../../../engine/graph/document.ts'
import { advanceSeeds, setControl } from '../../../../engine/graph/edit.ts'
import { documentText } from '../../../../engine/graph/open-workflow.ts'
import type { Prompt } from '../../../../engine/graph/prompt.ts'
import { useCanvas } from '../../editor/canvas-state.ts'
import { assetUrl, uploadPicture } from '../../host/assets.ts'
import { host, reason } from '../../host/connection.ts'
import { useCatalogue } from '../../stores/catalogue.ts'
import { removeOutputs, useGallery } from '../../stores/gallery.ts'
import { runDocument } from '../../stores/run-actions.ts'
import { showTab } from '../../stores/tabs.ts'
import { toastError } from '../../stores/toasts.ts'
import { showRoom } from '../../stores/ui.ts'
import { createWorkflow, readWorkflow } from '../../stores/workflows.ts'
import type { MenuEntry } from '../../ui/menu.tsx'

/** Opens the workflow exactly as it made the picture, as a workflow of its own. */
export async function openItsWorkflow(id: number) {
  try {
    const { run, document } = await host.outputs.open({ id })
    useGallery.setState({ open: undefined })
    await createWorkflow(run.name, await readWorkflow(document))
  } catch (error) {
    toastError(`Its workflow did not open. ${reason(error)}`)
  }
}

/** The same document with every seed drawn anew, locked ones too. */
function reseeded(document: Document): Document {
  const { types } = useCatalogue.getState()
  let loose = document
  for (const node of Object.values(document.nodes)) {
    for (const input of types[node.type]?.inputs ?? []) {
      if (hasControl(input) && input.widget?.kind === 'int') {
        loose = setControl(loose, null, node.id, input.name, 'randomize')
      }
    }
  }
  return advanceSeeds(loose)
}

/** Runs the workflow of a picture again with new seeds. */
export async function vary(id: number) {
  try {
    const { run, document } = await host.outputs.open({ id })
    await runDocument(run.name, documentText(reseeded(await readWorkflow(document))))
  } catch (error) {
    toastError(`Not varied. ${reason(error)}`)
  }
}

/** Brings the picture into the input folder, where LoadImage finds it. */
async function uploadOutput({ hash, filename, mime }: Output) {
  const bytes = await (await fetch(assetUrl(hash))).blob()
  return uploadPicture(new File([bytes], filename, { type: mime }))
}

const favouriteUpscaler = 'RealESRGAN_x4plus_anime_6B.safetensors'

/** The upscale model that comes along, else the first there is. */
function upscaler(): string | undefined {
  const { types } = useCatalogue.getState()
  const widget = types.UpscaleModelLoader?.inputs.find(({ name }) => name === 'model_name')?.widget
  const names = widget?.kind === 'choice' ? widget.options.map(String) : []
  return names.includes(favouriteUpscaler) ? favouriteUpscaler : names[0]
}

/** Queues a run that makes the picture larger by a model. */
export async function upscale(output: Output) {
  const model = upscaler()
  if (!model) {
    toastError('There is no upscale model. Put one into the models folder “upscale_models”.')
    return
  }
  try {
    const { name } = await uploadOutput(output)
    const stem = output.filename.replace(/(_\d+_?)?\.\w+$/, '')
    const prompt: Prompt = {
      '1': { class_type: 'LoadImage', inputs: { image: name } },
      '2': { class_type: 'UpscaleModelLoader', inputs: { model_name: model } },
      '3': {
        class_type: 'ImageUpscaleWithModel',
        inputs: { upscale_model: ['2', 0], image: ['1', 0] },
      },
      '4': {
        class_type: 'SaveImage',
        inputs: { images: ['3', 0], filename_prefix: `${stem}-upscaled` },
      },
    }
    const document = fromPrompt(prompt, useCatalogue.getState().types)
    await runDocument('Upscale', documentText(document))
  } catch (error) {
    toastError(error instanceof Error ? error.message : 'The picture was not upscaled.')
  }
}

/** Takes the picture as the input of something new. */
export async function takeAsInput(output: Output) {
  try {
    const asset = await uploadOutput(output)
    useGallery.setState({ open: undefined })
    showTab(undefined)
    showRoom('editor')
    useCanvas.setState({
      dropped: {
        asset: { ...asset, workflow: undefined },
        fileName: output.filename,
        at: { x: innerWidth / 3, y: innerHeight / 3 },
      },
    })
  } catch (error) {
    toastError(error instanceof Error ? error.message : 'The picture was not taken.')
  }
}

export function download(output: Output) {
  const link = document.createElement('a')
  link.href = assetUrl(output.hash)
  link.download = output.filename
  link.click()
}

export const outputEntries = (output: Output): MenuEntry[] => [
  { label: 'Open large', perform: () => useGallery.setState({ open: output.id }) },
  { label: 'Open workflow', perform: () => void openItsWorkflow(output.id) },
  { label: 'Vary', perform: () => void vary(output.id) },
  { label: 'Upscale', perform: () => void upscale(output) },
  { label: 'Use as image', perform: () => void takeAsInput(output) },
  { label: 'Download', perform: () => download(output) },
  'line',
  { label: 'Delete', keys: 'delete', danger: true, perform: () => void removeOutputs([output.id]) },
]
