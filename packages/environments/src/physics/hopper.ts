import type { Body } from './body.js';

const root = 'armature="0" damping="0" limited="false"';

/**
 * The one-legged hopper. Contact margins are half of the original ones: MuJoCo 3 adds the margins of two
 * geoms where the releases that D4RL was made with took the larger.
 */
export const hopper: Body = {
  name: 'hopper',
  frameSkip: 4,
  resetNoise: { positions: 5e-3, velocities: 5e-3, normalVelocities: false },
  velocityLimit: 10,
  survivalReward: 1,
  controlCost: 1e-3,
  /** Upright, off the ground, and no number of the state beyond 100. */
  healthy(positions, velocities) {
    const within = (value: number) => value > -100 && value < 100;
    const sound = positions.subarray(2).every(within) && velocities.every(within);
    return sound && positions[1]! > 0.7 && Math.abs(positions[2]!) < 0.2;
  },
  xml: `<mujoco model="hopper">
  <compiler angle="degree" inertiafromgeom="true"/>
  <option integrator="RK4" timestep="0.002"><flag autoreset="disable"/></option>
  <size memory="1M"/>
  <default>
    <joint armature="1" damping="1" limited="true" axis="0 -1 0"/>
    <geom type="capsule" condim="1" contype="1" conaffinity="1" margin="0.0005" solref="0.02 1" solimp="0.8 0.8 0.01"/>
    <motor ctrllimited="true" ctrlrange="-1 1" gear="200"/>
  </default>
  <worldbody>
    <geom name="floor" type="plane" size="20 20 0.125" condim="3"/>
    <body name="torso" pos="0 0 1.25">
      <joint name="x" type="slide" axis="1 0 0" ${root}/>
      <joint name="z" type="slide" axis="0 0 1" ref="1.25" ${root}/>
      <joint name="pitch" axis="0 1 0" ${root}/>
      <geom name="torso" fromto="0 0 0.2 0 0 -0.2" size="0.05" friction="0.9"/>
      <body name="thigh" pos="0 0 -0.2">
        <joint name="thigh" range="-150 0"/>
        <geom name="thigh" fromto="0 0 0 0 0 -0.45" size="0.05" friction="0.9"/>
        <body name="leg" pos="0 0 -0.7">
          <joint name="leg" pos="0 0 0.25" range="-150 0"/>
          <geom name="leg" fromto="0 0 0.25 0 0 -0.25" size="0.04" friction="0.9"/>
          <body name="foot" pos="0.065 0 -0.25">
            <joint name="foot" pos="-0.065 0 0" range="-45 45"/>
            <geom name="foot" fromto="-0.195 0 0 0.195 0 0" size="0.06" friction="2"/>
          </body>
        </body>
      </body>
    </body>
  </worldbody>
  <actuator>
    <motor joint="thigh"/>
    <motor joint="leg"/>
    <motor joint="foot"/>
  </actuator>
</mujoco>`,
};
