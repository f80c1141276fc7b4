// If the page itself fails, it says so and offers the way back; the work is with the host.
import { Component, type ReactNode } from 'react'
import { Button } from '../ui/button.tsx'

interface State {
  failed?: Error
}

export class ErrorNotice extends Component<{ children: ReactNode }, State> {
  override state: State = {}

  static getDerivedStateFromError(failed: Error): State {
    return { failed }
  }

  override render() {
    const { failed } = this.state
    if (!failed) return this.props.children
    return (
      <div role="alert" className="grid h-full w-full place-items-center p-8">
        <div className="flex max-w-md flex-col items-start gap-3">
          <h1 className="text-[17px] font-semibold">This part of the page stopped working</h1>
          <p className="text-soft">
            Your workflows are kept: every edit was sent to the engine within a second. Load the
            page again to go on.
          </p>
          <p className="selectable font-mono text-[12px] text-faint">{failed.message}</p>
          <div className="flex gap-2">
            <Button look="accent" onClick={() => location.reload()}>
              Load again
            </Button>
            <Button onClick={() => this.setState({ failed: undefined })}>Try to go on</Button>
          </div>
        </div>
      </div>
    )
  }
}
