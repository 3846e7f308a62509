/**
 * How motion enters the model: the control methods, the condition that the
 * transformer is given, and Time-to-Move's motion signal.
 *
 * @module
 */

export type { Tensor } from "../base/tensor.ts";
export {
  CONTROL_METHODS,
  type ControlCondition,
  type ControlInputs,
  type ControlledPass,
  type ControlMethod,
  type MotionControl,
  plainCondition,
} from "./motion_control.ts";
export {
  type ControlSettings,
  createControl,
  DEFAULT_CONTROL,
  type NoControlSettings,
} from "./create_control.ts";
export type {
  ChoiceSetting,
  NumberSetting,
  PathSetting,
  Setting,
  SettingBasics,
} from "../base/setting.ts";
export {
  CONTROL_KEYS,
  CONTROL_SETTINGS,
  type ControlKey,
  type ControlOwner,
  type ControlValues,
  OWNER_TITLES,
  ownerOf,
  type TimeToMoveMode,
} from "./control_values.ts";
export {
  describeIdleMotion,
  describeSteering,
  describeStray,
  findStray,
  resolveSteering,
  type Steering,
  type StrayValue,
  type TimeToMoveChoice,
  withControlDefaults,
} from "./resolve_control.ts";
export type { AtiSettings } from "./ati/ati_control.ts";
export {
  patchMotion,
  type PatchMotionOptions,
  type TailDropout,
} from "./ati/motion_patch.ts";
export type { WanMoveSettings } from "./wan_move/wan_move_control.ts";
export {
  chosenClock,
  defaultClock,
  type DualClock,
} from "./time_to_move/dual_clock.ts";
export type { MotionSignal } from "./time_to_move/motion_signal.ts";
