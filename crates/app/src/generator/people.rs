//! Names for made-up people and shops, in the scripts that people of the region write them in.
//!
//! It deliberately combines common first names and surnames by chance; nobody in particular is
//! meant.

use super::dice::Dice;

/// One name in Latin, Gujarati and Devanagari letters.
type Name = [&'static str; 3];

const FIRST: [Name; 36] = [
    ["Meena", "મીના", "मीना"],
    ["Ramesh", "રમેશ", "रमेश"],
    ["Kokila", "કોકિલા", "कोकिला"],
    ["Bhavesh", "ભાવેશ", "भावेश"],
    ["Hetal", "હેતલ", "हेतल"],
    ["Jignesh", "જીજ્ઞેશ", "जिग्नेश"],
    ["Pooja", "પૂજા", "पूजा"],
    ["Mahesh", "મહેશ", "महेश"],
    ["Kiran", "કિરણ", "किरण"],
    ["Nilesh", "નીલેશ", "नीलेश"],
    ["Asha", "આશા", "आशा"],
    ["Dinesh", "દિનેશ", "दिनेश"],
    ["Rekha", "રેખા", "रेखा"],
    ["Suresh", "સુરેશ", "सुरेश"],
    ["Bhavna", "ભાવના", "भावना"],
    ["Hitesh", "હિતેશ", "हितेश"],
    ["Jyoti", "જ્યોતિ", "ज्योति"],
    ["Kalpesh", "કલ્પેશ", "कल्पेश"],
    ["Lata", "લતા", "लता"],
    ["Manish", "મનીષ", "मनीष"],
    ["Nisha", "નિશા", "निशा"],
    ["Prakash", "પ્રકાશ", "प्रकाश"],
    ["Sonal", "સોનલ", "सोनल"],
    ["Rajesh", "રાજેશ", "राजेश"],
    ["Usha", "ઉષા", "उषा"],
    ["Vijay", "વિજય", "विजय"],
    ["Sunita", "સુનીતા", "सुनीता"],
    ["Amit", "અમિત", "अमित"],
    ["Geeta", "ગીતા", "गीता"],
    ["Chetan", "ચેતન", "चेतन"],
    ["Falguni", "ફાલ્ગુની", "फाल्गुनी"],
    ["Imran", "ઇમરાન", "इमरान"],
    ["Farida", "ફરીદા", "फरीदा"],
    ["Alpesh", "અલ્પેશ", "अल्पेश"],
    ["Vaishali", "વૈશાલી", "वैशाली"],
    ["Yogesh", "યોગેશ", "योगेश"],
];

const LAST: [Name; 24] = [
    ["Patel", "પટેલ", "पटेल"],
    ["Shah", "શાહ", "शाह"],
    ["Desai", "દેસાઈ", "देसाई"],
    ["Mehta", "મહેતા", "मेहता"],
    ["Joshi", "જોશી", "जोशी"],
    ["Trivedi", "ત્રિવેદી", "त्रिवेदी"],
    ["Parmar", "પરમાર", "परमार"],
    ["Solanki", "સોલંકી", "सोलंकी"],
    ["Chauhan", "ચૌહાણ", "चौहान"],
    ["Rathod", "રાઠોડ", "राठौड़"],
    ["Gohil", "ગોહિલ", "गोहिल"],
    ["Bhatt", "ભટ્ટ", "भट्ट"],
    ["Pandya", "પંડ્યા", "पंड्या"],
    ["Dave", "દવે", "दवे"],
    ["Modi", "મોદી", "मोदी"],
    ["Naik", "નાયક", "नाइक"],
    ["Tandel", "ટંડેલ", "टंडेल"],
    ["Halpati", "હળપતિ", "हलपति"],
    ["Shaikh", "શેખ", "शेख"],
    ["Vora", "વોરા", "वोरा"],
    ["Sharma", "શર્મા", "शर्मा"],
    ["Yadav", "યાદવ", "यादव"],
    ["Patil", "પાટીલ", "पाटील"],
    ["D'Souza", "ડિસોઝા", "डिसूज़ा"],
];

const SHOP_NAMES: [&str; 14] = [
    "Annapurna",
    "Sardar",
    "Shree Ganesh",
    "Jay Ambe",
    "Maruti",
    "Krishna",
    "New Bharat",
    "Sai",
    "Umiya",
    "Gayatri",
    "Royal",
    "Khodiyar",
    "Sagar",
    "Moti",
];

const SHOP_KINDS: [&str; 10] = [
    "Hotel",
    "Tea Stall",
    "Sweets & Farsan",
    "Provision Store",
    "Canteen, GIDC",
    "Restaurant (Veg.)",
    "Bakery",
    "Guest House",
    "\"Pure Veg\" Dining Hall",
    "Caterers, Exports Division",
];

/// The letters a name is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// Latin.
    Latin,
    /// Gujarati.
    Gujarati,
    /// Devanagari, for Hindi and Marathi.
    Devanagari,
}

/// A person's name as written in the books, and its Latin parts.
pub struct Person {
    /// As written in the books.
    pub written: String,
    /// First name in Latin letters.
    pub first: &'static str,
    /// Surname in Latin letters.
    pub last: &'static str,
}

/// A person whose name is written in the given letters.
pub fn person(script: Script, dice: &mut Dice) -> Person {
    let (first, last) = (dice.pick(&FIRST), dice.pick(&LAST));
    let place = script as usize;
    let written = if script == Script::Latin {
        latin(first[0], last[0], dice)
    } else {
        format!("{} {}", first[place], last[place])
    };
    Person { written, first: first[0], last: last[0] }
}

/// Offices write names in several ways.
fn latin(first: &str, last: &str, dice: &mut Dice) -> String {
    let initial = dice.pick(&["A", "B", "D", "H", "J", "K", "M", "N", "P", "R", "S", "V"]);
    match dice.below(100) {
        0..=69 => format!("{first} {last}"),
        70..=89 => format!("{first} {initial}. {last}"),
        90..=94 => format!("{last} {first}"),
        95..=97 => format!("{last}, {first} {initial}."),
        _ => format!("{} {}", first.to_uppercase(), last.to_uppercase()),
    }
}

/// The name of a shop, hotel or canteen.
pub fn shop(dice: &mut Dice) -> String {
    format!("{} {}", dice.pick(&SHOP_NAMES), dice.pick(&SHOP_KINDS))
}
