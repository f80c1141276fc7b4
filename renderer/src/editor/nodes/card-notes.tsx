// What a node has to say that is no value: weights it did not use, a choice it made. Below its card.
import { Info } from 'lucide-react'

export const CardNotes = ({ notes }: { notes: readonly string[] }) => (
  <div
    data-float
    data-testid="card-notes"
    role="note"
    className="nodrag selectable absolute inset-x-0 top-full mt-1.5 flex gap-2 rounded-card border border-line bg-card px-2.5 py-2 text-soft shadow-lift"
  >
    <Info size={14} className="mt-0.5 shrink-0 text-faint" aria-hidden />
    <div className="max-h-28 min-w-0 flex-1 overflow-y-auto wrap-anywhere whitespace-pre-wrap">
      {notes.join('\n')}
    </div>
  </div>
)
