//! Templates and clones on a shared, live server: one that `seedbed up`
//! started, or one the user gave by URL. A recipe is built once into a sealed
//! template; every run gets clones of it; what a dead run left is swept.
//!
//! *Invariant*: a database is dropped or changed only if it carries a mark of
//! ours (see `marker`), and a clone only by its own run or after its run's end.

mod adoption;
mod attributes;
mod building;
mod command;
mod copying;
mod finishing;
mod inventory;
pub mod journal;
mod layering;
mod lease;
mod lock;
mod marker;
mod ownership;
mod pool;
mod removal;
mod roles;
mod safety;
mod sealing;
mod shared;
mod template;
mod traces;
pub mod truncate;
mod tuning;

pub use command::RunCommand;
pub use finishing::Finish;
pub use layering::{Keeping, Layering};
pub use lease::{HolderId, LeasePlan, Leases, SlotTargets, slot_number};
pub use lock::hold;
pub use marker::{Keepsake, clone_name, kept_name, template_name};
pub use ownership::is_ours;
pub use pool::{
    KeptDatabase, Pool, PoolFigures, PoolPlan, drop_all_but_kept, drop_kept, holdings, kept,
};
pub use removal::{drop_clones, drop_run};
pub use safety::{Facts, judge, judge_host, judge_name, production_word};
pub use shared::Shared;
pub use template::Template;
pub use traces::traces;
pub use tuning::tune;
