// Files that are dropped or pasted: pictures become image inputs, JSON opens as a workflow.

import { addNode, setValue } from '../../../engine/graph/edit.ts'
import { type Asset, isPicture, uploadPicture } from '../host/assets.ts'
import { useCatalogue } from '../stores/catalogue.ts'
import { activeTab, edit, sealEdit, select, shownGraph } from '../stores/tabs.ts'
import { toastError } from '../stores/toasts.ts'
import { showRoom, useUi } from '../stores/ui.ts'
import { createWorkflow, openText } from '../stores/workflows.ts'
import { toCanvas, useCanvas } from './canvas-state.ts'
import type { Position2 } from './flow-elements.ts'

const mostFiles = 12

/** The input of a card that holds a picture, if it has one. */
function pictureInput(node: string): string | undefined {
  const tab = activeTab()
  const type = tab && shownGraph(tab).nodes[node]?.type
  return (
    type &&
    useCatalogue
      .getState()
      .types[type]?.inputs.find(({ widget }) => widget?.kind === 'choice' && widget.upload)?.name
  )
}

function cardAt({ x, y }: Position2): string | undefined {
  const card = document.elementFromPoint(x, y)?.closest('[data-testid^="node-"]')
  return card?.getAttribute('data-testid')?.slice('node-'.length)
}

/** Sets the picture on a card that takes one, or makes a LoadImage for it. Answers its id. */
function put(asset: Asset, at: Position2, onCard: string | undefined): string | undefined {
  const input = onCard && pictureInput(onCard)
  if (onCard && input) {
    edit('Use a picture', (document, canvas) =>
      setValue(document, canvas, onCard, input, asset.name),
    )
    return onCard
  }
  const { types } = useCatalogue.getState()
  let made: string | undefined
  edit('Add a picture', (document, canvas) => {
    const values = { image: asset.name }
    const added = addNode(document, canvas, { type: 'LoadImage', ...toCanvas(at), values }, types)
    made = added.id
    return added.document
  })
  if (made) select([made])
  return made
}

async function takePicture(file: File, at: Position2, onCard: string | undefined) {
  try {
    const asset = await uploadPicture(file)
    const hasCanvas = useUi.getState().room === 'editor' && activeTab() !== undefined
    // A picture that carries a workflow waits for the choice; nothing is open: likewise.
    const waits = asset.workflow !== undefined || !hasCanvas
    const node = waits ? undefined : put(asset, at, onCard)
    sealEdit()
    if (!hasCanvas) showRoom('editor')
    if (waits || !onCard) {
      useCanvas.setState({ dropped: { asset, fileName: file.name, node, at, onCard } })
    }
  } catch (error) {
    toastError(error instanceof Error ? error.message : `${file.name} was not taken.`)
  }
}

/** Use the waiting picture as an input after all. */
export async function takeAsImage() {
  const { dropped } = useCanvas.getState()
  if (!dropped) return
  if (!activeTab()) await createWorkflow(dropped.fileName.replace(/\.\w+$/, ''))
  const node = put(dropped.asset, dropped.at, dropped.onCard)
  sealEdit()
  // Offer what can be done with it, now that it stands there.
  useCanvas.setState({
    dropped: { ...dropped, node, asset: { ...dropped.asset, workflow: undefined } },
  })
}

export async function takeFiles(files: readonly File[], at: Position2) {
  const onCard = cardAt(at)
  let offset = 0
  for (const file of files.slice(0, mostFiles)) {
    if (isPicture(file)) {
      await takePicture(file, { x: at.x + offset, y: at.y + offset }, offset ? undefined : onCard)
      offset += 32
    } else if (/\.json$/i.test(file.name) || file.type === 'application/json') {
      await openText(file.name, await file.text())
    } else if (/\.(safetensors|ckpt|pth|pt|onnx|gguf)$/i.test(file.name)) {
      toastError(
        `${file.name} is a model. Put it into a models folder; the Models room shows where.`,
        {
          label: 'Models',
          perform: () => showRoom('models'),
        },
      )
    } else {
      toastError(`${file.name} is neither a picture nor a workflow.`)
    }
  }
  if (files.length > mostFiles) toastError(`Only the first ${mostFiles} files were taken.`)
}

/** Takes files dropped anywhere on the page; call once. */
export function followDrops() {
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files')
  addEventListener('dragover', event => {
    if (!hasFiles(event)) return
    event.preventDefault()
    event.dataTransfer!.dropEffect = 'copy'
    document.documentElement.dataset.dropping = 'true'
  })
  const over = () => delete document.documentElement.dataset.dropping
  addEventListener('dragleave', event => event.relatedTarget === null && over())
  addEventListener('drop', event => {
    over()
    if (!hasFiles(event)) return
    event.preventDefault()
    void takeFiles([...event.dataTransfer!.files], { x: event.clientX, y: event.clientY })
  })
}
