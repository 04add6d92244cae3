// Types of the widget, for pages written in TypeScript; see docs/widget.md. Copy this file into your project.

export type PlayProofState =
  | "idle"
  | "asking"
  | "playing"
  | "working"
  | "finishing"
  | "verified"
  | "expired"
  | "spent"
  | "overdue"
  | "error"
  | "unsupported";

export interface PlayProofOptions {
  sitekey?: string;
  action?: string;
  cdata?: string;
  cData?: string;
  game?: string;
  theme?: "auto" | "light" | "dark";
  size?: "normal" | "compact" | "flexible";
  language?: string;
  appearance?: "always" | "execute" | "interaction-only";
  execution?: "render" | "execute";
  tabindex?: number | string;
  retry?: "auto" | "never";
  "retry-interval"?: number | string;
  "refresh-expired"?: "auto" | "manual" | "never";
  "refresh-spent"?: "auto" | "never";
  "response-field"?: boolean | "true" | "false";
  "response-field-name"?: string;
  "help-url"?: string;
  worker?: "auto" | "never";
  service?: string;
  callback?: string | ((token: string) => void);
  "error-callback"?: string | ((code: string) => void);
  "expired-callback"?: string | (() => void);
  "timeout-callback"?: string | (() => void);
  "before-interactive-callback"?: string | (() => void);
  "after-interactive-callback"?: string | (() => void);
  "unsupported-callback"?: string | (() => void);
}

/** A widget: its id, its element, the element around it, or a selector of one of those. */
export type PlayProofWidget = string | Element;

export interface PlayProofApi {
  /** Gives the widget's id, `undefined` where there is no such place. */
  render(place: string | Element, options?: PlayProofOptions): string | undefined;
  execute(widget?: PlayProofWidget, options?: PlayProofOptions): void;
  reset(widget?: PlayProofWidget): void;
  getResponse(widget?: PlayProofWidget): string | undefined;
  isExpired(widget?: PlayProofWidget): boolean;
  remove(widget?: PlayProofWidget): void;
  ready(act: () => void): void;
}

export interface PlayProofElement extends HTMLElement {
  readonly state: PlayProofState;
  /** Empty where there is none. */
  readonly token: string;
  execute(): void;
  reset(): void;
}

export interface PlayProofEvents {
  "playproof:ready": CustomEvent<Record<string, never>>;
  "playproof:interactive": CustomEvent<Record<string, never>>;
  "playproof:verified": CustomEvent<{ token: string; expiresIn: number }>;
  "playproof:expired": CustomEvent<{ reason: "expired" | "spent" }>;
  "playproof:error": CustomEvent<{ code: string }>;
  "playproof:unsupported": CustomEvent<Record<string, never>>;
  "playproof:statechange": CustomEvent<{ state: PlayProofState; before: PlayProofState }>;
}

declare global {
  interface Window {
    playproof: PlayProofApi;
  }
  interface HTMLElementTagNameMap {
    "play-proof": PlayProofElement;
  }
  interface HTMLElementEventMap extends PlayProofEvents {}
  interface DocumentEventMap extends PlayProofEvents {}
  interface WindowEventMap extends PlayProofEvents {}
}
