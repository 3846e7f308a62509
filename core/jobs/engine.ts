/**
 * What makes a video from an image, tracks and a prompt: the interface between
 * the job runner and its engines, the motion preview and the model.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";
import type { Steering } from "../control/resolve_control.ts";
import type { ControlSettings } from "../control/create_control.ts";
import type { MotionSignal } from "../control/time_to_move/motion_signal.ts";
import type { AttentionGuidance } from "../sampling/attention_guidance.ts";
import type { Seed } from "../base/seed.ts";
import type { MotionObject } from "../tracks/motion_objects.ts";
import type { TrackSet } from "../tracks/track_set.ts";

/** How motion enters the model in one piece of work. */
export interface RenderSteering {
  /** The control method and its settings. */
  readonly control: ControlSettings;
  /** Time-to-Move, if used. */
  readonly timeToMove?: {
    /** The video that is followed. */
    readonly signal: MotionSignal;
    /** Whose clocks are used. */
    readonly mode: "object" | "camera";
    /** The step to start from, instead of the clocks'. */
    readonly tweak?: number;
    /** The step from which nothing is reset, instead of the clocks'. */
    readonly tstrong?: number;
  };
  /** Normalized attention guidance, if used. */
  readonly nag?: AttentionGuidance;
}

/** One piece of work, everything loaded. */
export interface RenderInputs {
  /** The image, frame 0 of the video. */
  readonly image: RgbImage;
  /** Whether the image is a frame of the video, which then has its size. */
  readonly isFrame?: true;
  /** The tracks, in px of the image. */
  readonly tracks: TrackSet;
  /** Objects that were marked, the farthest first; px of the image. */
  readonly objects?: readonly MotionObject[];
  /** The prompt; may be empty. */
  readonly prompt: string;
  /** The negative prompt; the engine's default where absent. */
  readonly negativePrompt?: string;
  /** The seed of the noise; the engine's own where absent. */
  readonly seed?: Seed;
  /** How motion enters the model; the engine's settings where absent. */
  readonly steering?: RenderSteering;
}

/** The video that an engine makes. */
export interface EngineVideo {
  /** Width in px, even. */
  readonly width: number;
  /** Height in px, even. */
  readonly height: number;
  /** Frames per second. */
  readonly fps: number;
  /** How many frames there will be. */
  readonly frameCount: number;
}

/** How far an engine is within one job. */
export interface EngineProgress {
  /** What is being done, in one or two words, for example `rendering`. */
  readonly stage: string;
  /** Steps of this stage that are done. */
  readonly done: number;
  /** Steps that this stage has. */
  readonly total: number;
  /** How long the step took, where an engine tells. */
  readonly seconds?: number;
  /** How long the steps that are left will take, where an engine tells. */
  readonly secondsLeft?: number;
}

/** Where an engine may keep files that belong to one item. */
export interface WorkDir {
  /** The folder of the item's video. */
  readonly folder: string;
  /** The video's name without its ending; theirs begin with it. */
  readonly name: string;
}

/** What {@linkcode Engine.render} is given besides the inputs. */
export interface RenderOptions {
  /** Ends the work at the next step. */
  readonly signal?: AbortSignal;
  /** Called after every step. */
  readonly onProgress?: (progress: EngineProgress) => void;
  /** Called with what a person should know. */
  readonly onNote?: (message: string) => void;
  /**
   * Where files may be kept meanwhile, so that a run that was killed continues;
   * without it nothing is written.
   */
  readonly workDir?: WorkDir;
}

/** The kinds of engines. */
export type EngineName = "preview" | "model";

/**
 * Something that renders jobs, one at a time. Leaving an `await using` scope
 * frees what it holds.
 */
export interface Engine extends AsyncDisposable {
  /** Which kind it is. */
  readonly name: EngineName;
  /** What its videos are called, for people and in the file's metadata. */
  readonly title: string;
  /**
   * The video that an image of this size will give. Cheap: called for every
   * item before the first is started.
   *
   * @throws {RangeError} When an image of this size cannot be done.
   */
  video(image: { width: number; height: number }): EngineVideo;
  /**
   * Checks how an item is to be steered. Engines without it look at the tracks
   * only, and no motion signal is loaded for them.
   *
   * @returns How many frames a motion signal must have.
   * @throws {RangeError} When the engine's settings do not go with it.
   */
  checkSteering?(
    steering: Steering | undefined,
  ): Pick<EngineVideo, "frameCount">;
  /**
   * Everything that is needed, besides the inputs, to make the same video
   * again; JSON values, stored in the file.
   */
  recipe(job: RenderInputs): Readonly<Record<string, unknown>>;
  /**
   * The job as it will be rendered: with a seed and its final prompt. The
   * same again for a job that was begun before, if there is a scratch. Engines
   * that leave nothing open have none.
   */
  prepare?(
    job: RenderInputs,
    options?: Pick<RenderOptions, "signal" | "workDir" | "onNote">,
  ): Promise<RenderInputs>;
  /**
   * The frames, in order. Memory may be reused: a frame is valid until the
   * next one is asked for.
   *
   * @throws {DOMException} `AbortError`, when `signal` is aborted.
   */
  render(job: RenderInputs, options?: RenderOptions): AsyncIterable<RgbImage>;
  /**
   * Everything that {@linkcode render} may write for an item besides the
   * outputs; nothing where absent.
   */
  files?(workDir: WorkDir): readonly string[];
  /**
   * Looks for files of someone else that the engine would replace or remove.
   *
   * @throws {TypeError} Naming the file.
   */
  checkFiles?(workDir: WorkDir): Promise<void>;
  /** Removes what was kept in a scratch; called when the video is finished. */
  cleanup?(scratch: WorkDir): Promise<void>;
}
