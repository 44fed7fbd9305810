//! What a client is told of a reset.

use seedbed_api::lease::{InTheWay, Rewound};

use super::slot::Returned;
use crate::journal::{Holds, SessionInfo};

/// A return to a mark, as the protocol says it.
pub(super) fn told(returned: Returned, committed: bool) -> Rewound {
    Rewound {
        mark: returned.mark,
        replaced: returned.replaced,
        marks_lost: returned.marks_lost,
        why: returned.why,
        tables: u32::try_from(returned.tables).unwrap_or(u32::MAX),
        rows: returned.rows,
        committed,
        ended: returned.ended.iter().map(in_the_way).collect(),
        readers: returned.readers.iter().map(in_the_way).collect(),
        kept: None,
    }
}

fn in_the_way(session: &SessionInfo) -> InTheWay {
    let holds = match session.holds {
        Holds::Transaction => "transaction",
        Holds::Snapshot => "snapshot",
        Holds::Lock => "lock",
        Holds::Nothing => "nothing",
        Holds::Prepared => "prepared",
    };
    InTheWay {
        pid: session.pid,
        application: session.application.clone(),
        role: session.role.clone(),
        holds: holds.to_owned(),
    }
}
