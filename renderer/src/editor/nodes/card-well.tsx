// The bottom of a card: the picture that is chosen, the pictures or texts that came out.
import { ImageUp } from 'lucide-react'
import { useState } from 'react'
import { inputUrl } from '../../host/assets.ts'
import type { Shown } from '../../stores/runs.ts'
import type { CardLayout } from '../card-layout.ts'
import type { CardData } from '../flow-elements.ts'
import { openPicture } from '../picture-view.ts'

/** The file that a card has chosen; undefined for cards that choose none. */
export function chosenPicture({ node, description }: CardData): string | undefined {
  const input = description?.inputs.find(
    ({ widget }) => widget?.kind === 'choice' && widget.upload !== undefined,
  )
  if (!input) return undefined
  const value = node.values[input.name]
  return typeof value === 'string' ? value : ''
}

interface Props {
  well: NonNullable<CardLayout['well']>
  /** The file that LoadImage and its kin have chosen. */
  chosen?: string
  shown?: Shown
  /** The newest preview of the run, until the picture is there. */
  preview?: string
}

const picture = 'h-full w-full rounded-control object-contain bg-canvas'

export function CardWell({ well, chosen, shown, preview }: Props) {
  const style = { top: well.y, height: well.height - 2 }
  const box = 'absolute inset-x-2 overflow-hidden rounded-control'
  if (well.holds === 'texts') {
    return (
      <div
        style={style}
        className={`${box} selectable nodrag nowheel overflow-y-auto! bg-field px-2 py-1 whitespace-pre-wrap`}
      >
        {shown?.texts.join('\n') || <span className="text-faint">The value appears here.</span>}
      </div>
    )
  }
  if (chosen !== undefined) {
    return (
      <div style={style} className={box}>
        <ChosenPicture key={chosen} name={chosen} />
      </div>
    )
  }
  return (
    <div style={style} className={box}>
      {preview ? (
        <img src={preview} alt="Preview of what is being made" className={picture} />
      ) : shown?.pictures.length ? (
        <Pictures shown={shown} />
      ) : (
        <div className="grid h-full place-items-center bg-canvas px-4 text-center text-faint">
          The picture appears here.
        </div>
      )}
    </div>
  )
}

function ChosenPicture({ name }: { name: string }) {
  const [failed, setFailed] = useState(false)
  if (name !== '' && !failed) {
    return (
      <img
        src={inputUrl(name)}
        alt={name}
        draggable={false}
        className={picture}
        onError={() => setFailed(true)}
      />
    )
  }
  return (
    <div className="grid h-full place-items-center bg-canvas text-center text-faint">
      <span className="flex flex-col items-center gap-1.5 px-4">
        <ImageUp size={20} aria-hidden />
        {name ? `${name} is not there. Drop a picture here.` : 'Drop a picture here.'}
      </span>
    </div>
  )
}

function Pictures({ shown }: { shown: Shown }) {
  const { pictures } = shown
  const columns = Math.ceil(Math.sqrt(pictures.length))
  return (
    <div
      className="grid h-full gap-1"
      style={{
        gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
        gridAutoRows: 'minmax(0, 1fr)',
      }}
    >
      {pictures.map(({ url, width, height }, index) => (
        <button
          key={url}
          type="button"
          className="min-h-0 cursor-zoom-in"
          title={`${width} × ${height}`}
          aria-label={`Picture ${index + 1} of ${pictures.length}, ${width} × ${height}. Open it large.`}
          onDoubleClick={event => event.stopPropagation()}
          onClick={() => openPicture(url)}
        >
          <img src={url} alt="" draggable={false} className={picture} />
        </button>
      ))}
    </div>
  )
}
